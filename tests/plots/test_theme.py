"""Figures follow the theme of the page, in colours that can be read; what failed is red, and none of it is lost."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import rgb_to_hsv, to_hex, to_rgb
from matplotlib.text import Text
from PIL import Image

from createos_nb import analysis, plots
from createos_nb.errors import InvalidInput
from createos_nb.panels import markup
from createos_nb.plots import palette
from createos_nb.plots.figure import Figure
from createos_nb.plots.palette import DARK, contrast

WEEK = pd.date_range("2026-03-02", periods=7 * 1440, freq="min", tz="UTC", unit="us", name="time")
#: Grounds of dark notebooks: JupyterLab's page, its cells, VS Code's, and the documentation's.
GROUNDS = ("#111111", "#212121", "#1f1f1f", "#14181e")


def traffic(share: float = 0.0, noise: float = 0.02) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    count = rng.poisson(50, len(WEEK)) + 1
    failed, refused = rng.binomial(count, share), rng.binomial(count, noise)
    ok = count - failed - refused
    columns = {"count": count, "status_2xx": ok, "status_3xx": 0, "status_4xx": refused, "status_5xx": failed}
    return pd.DataFrame(columns, index=WEEK).astype("Int64")


def broken(frame: pd.DataFrame, begin: int, end: int) -> pd.DataFrame:
    """All requests of some minutes fail."""
    rows = frame.index[begin:end]
    frame.loc[rows, ["status_2xx", "status_3xx", "status_4xx"]] = 0
    frame.loc[rows, "status_5xx"] = frame.loc[rows, "count"]
    return frame


@pytest.fixture(scope="module")
def week() -> pd.DataFrame:
    """A week in which one minute was bad."""
    return broken(traffic(), 4000, 4001)


@pytest.fixture
def _auto() -> Iterator[None]:
    yield
    plots.use("auto")


def shown(figure: Figure) -> dict[str, Image.Image]:
    """The pictures that the figure has for each theme."""
    html = figure._repr_html_()
    assert html is not None
    found = re.findall(r'class="createos-on-(\w+)"[^>]* src="data:image/\w+;base64,([^"]+)"', html)
    return {theme: Image.open(BytesIO(base64.b64decode(content))) for theme, content in found}


def colors(picture: Image.Image) -> set[str]:
    found = picture.convert("RGBA").getcolors(1 << 20)
    assert found is not None
    return {to_hex([part / 255 for part in color[:3]]) for _, color in found if color[3] == 255}


def near(picture: Image.Image, color: str) -> int:
    """How many dots have a colour, a palette's rounding aside."""
    wanted = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)])
    rgba = np.asarray(picture.convert("RGBA")).astype(int)
    return int(((np.abs(rgba[..., :3] - wanted).max(axis=-1) <= 8) & (rgba[..., 3] == 255)).sum())


# --- colours ----------------------------------------------------------------------------------------------------------


def test_words_and_lines_have_contrast_in_both_themes() -> None:
    for color in palette.TEXTS:
        assert contrast(color, palette.GROUND) >= 4.5
        assert min(contrast(DARK[color], ground) for ground in GROUNDS) >= 4.5
    for color in palette.LINES:
        assert contrast(color, palette.GROUND) >= 3
        assert min(contrast(DARK[color], ground) for ground in GROUNDS) >= 3


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_the_palette_is_that_of_the_panels() -> None:
    """So that errors have one colour wherever they are seen."""
    found = re.findall(r"--cn-series: (#\w+); --cn-error: (#\w+)", markup.style())
    assert found == [(palette.LINE, palette.ERROR), (DARK[palette.LINE], DARK[palette.ERROR])]


def test_only_what_fails_is_red() -> None:
    def is_red(color: str) -> bool:
        hue, saturation, _ = rgb_to_hsv(to_rgb(color))
        return bool(saturation > 0.3 and min(hue, 1 - hue) < 20 / 360)

    assert [color for color in DARK if is_red(color)] == [palette.ERROR]
    assert [color for color in DARK.values() if is_red(color)] == [DARK[palette.ERROR]]


# --- themes -----------------------------------------------------------------------------------------------------------


def test_a_figure_has_a_picture_for_each_theme_and_a_plain_one(week: pd.DataFrame) -> None:
    figure = plots.requests(week)
    pictures = shown(figure)
    assert set(pictures) == {"light", "dark"}
    assert pictures["light"].size == pictures["dark"].size
    assert near(pictures["light"], palette.ERROR) > 20
    assert near(pictures["dark"], DARK[palette.ERROR]) > 20
    assert near(pictures["dark"], palette.ERROR) == near(pictures["light"], DARK[palette.ERROR]) == 0
    data, about = figure._repr_mimebundle_()
    plain = Image.open(BytesIO(base64.b64decode(data["image/png"])))
    assert plain.convert("RGB").getpixel((2, plain.height // 2)) == (255, 255, 255)
    assert figure.caption in about["image/png"]["alt"]


def test_the_dark_picture_lets_the_ground_of_the_page_through_and_no_words_are_lost(week: pd.DataFrame) -> None:
    figure = plots.requests(week)
    pictures = shown(figure)
    alpha = np.asarray(pictures["dark"].getchannel("A"))
    assert (alpha == 0).mean() > 0.2
    assert pictures["light"].mode == "RGB"
    html = figure._repr_html_()
    assert html is not None
    assert f">{figure.headline}</div>" in html
    assert figure.caption[:60] in html


@pytest.mark.slow
def test_texts_that_somebody_adds_or_changes_stay_in_the_picture(week: pd.DataFrame) -> None:
    figure = plots.requests(week)
    height = shown(figure)["light"].height
    figure.text(0.5, 0.7, "mine", color="#1565c0")
    assert abs(shown(figure)["light"].height - height) <= 2
    figure.suptitle("Another title")
    assert shown(figure)["light"].height > height + 20
    html = figure._repr_html_()
    assert html is not None
    assert f">{figure.headline}</div>" not in html
    assert figure.caption[:60] in html


def test_drawing_in_the_dark_leaves_the_figure_as_it_was(week: pd.DataFrame) -> None:
    figure = plots.heat_map(analysis.hour_by_weekday(week))
    figure._repr_png_()  # the layout settles with the first drawing
    before, size = figure._repr_png_()[0], tuple(figure.get_size_inches())
    figure._repr_mimebundle_()
    assert figure._repr_png_()[0] == before
    assert tuple(figure.get_size_inches()) == size


@pytest.mark.slow
@pytest.mark.usefixtures("_auto")
def test_a_theme_that_is_asked_for_is_kept_in_files_and_notebooks(week: pd.DataFrame) -> None:
    for theme, ground in (("dark", DARK[palette.GROUND]), ("light", palette.GROUND)):
        plots.use(theme)  # type: ignore[arg-type]  # each is one
        figure = plots.requests(week)
        plots.use("auto")
        written = BytesIO()
        figure.savefig(written, format="png")
        assert figure._repr_html_() is None
        for content in (written.getvalue(), base64.b64decode(figure._repr_mimebundle_()[0]["image/png"])):
            assert ground in colors(Image.open(BytesIO(content)))
            assert near(Image.open(BytesIO(content)), ground) > 10_000
    with pytest.raises(InvalidInput, match="'auto', 'light', 'dark', not 'blue'"):
        plots.use("blue")  # type: ignore[arg-type]  # it is wrong


def test_a_file_is_light_unless_dark_is_asked_for(week: pd.DataFrame) -> None:
    written = BytesIO()
    plots.requests(week).savefig(written, format="png")
    assert near(Image.open(written), palette.GROUND) > 10_000


def test_what_somebody_adds_is_seen_in_the_dark(week: pd.DataFrame) -> None:
    figure = plots.requests(week)
    figure.axes[0].text(0.4, 0.5, "███", color="black", fontsize=30, transform=figure.axes[0].transAxes)
    figure.axes[0].plot(week.index[[0, -1]], [20, 20], color="navy", linewidth=8)
    found = shown(figure)["dark"].convert("RGBA")
    assert near(found, DARK[palette.INK]) > 2000
    assert not near(found, "#000080")


def test_the_pictures_are_the_same_each_time_and_small(week: pd.DataFrame) -> None:
    first, second = (plots.requests(week)._repr_mimebundle_()[0] for _ in range(2))
    assert first == second
    assert len(first["text/html"]) + len(first["image/png"]) < 100_000


def test_the_style_hides_one_of_the_two() -> None:
    html = plots.top_paths(analysis.paths(pd.DataFrame({"path": ["/"], "count": [1]})))._repr_html_()
    assert html is not None
    assert ".createos-plot .createos-on-dark{display:none}" in html
    assert '[data-jp-theme-light="false"]' in html
    # where a style is taken out, the second takes no room
    assert 'class="createos-on-dark" alt="Top paths" width="0" height="0"' in html


# --- what failed is seen ----------------------------------------------------------------------------------------------


def red_bars(figure: Figure) -> np.ndarray:
    """Tops of the red bars of the axes of 5xx, as parts of their height."""
    (ax,) = [ax for ax in figure.axes if ax.get_ylabel() == "5xx, %"]
    area = next(one for one in ax.collections if to_hex(one.get_facecolor()[0]) == palette.ERROR)
    high = np.concatenate([path.vertices[:, 1] for path in area.get_paths()])
    return np.asarray(high[high > 0] / ax.get_ylim()[1])


def test_one_bad_minute_of_a_week_is_seen_and_told(week: pd.DataFrame) -> None:
    assert red_bars(plots.requests(week)).max() > 0.5
    figure = plots.requests(week)
    count = int(week["count"].iloc[4000])
    assert f"the most 5xx in a minute, {count} of {count} requests, {WEEK[4000]:%Y-%m-%d %H:%M} UTC" in figure.caption
    triangles = [line for line in figure.axes[1].lines if line.get_marker() == "v"]
    assert len(triangles) == 1
    assert not [line for line in plots.requests(traffic()).axes[1].lines if line.get_marker() == "v"]


def test_one_failed_request_is_seen_beside_an_outage() -> None:
    frame = broken(traffic(), 6000, 6300)
    frame.iloc[2000, frame.columns.get_loc("status_5xx")] = 1
    bars = red_bars(plots.requests(frame))
    assert bars.min() >= 0.02
    assert bars.max() > 0.8


def test_noise_of_4xx_does_not_set_the_scale_of_5xx(week: pd.DataFrame) -> None:
    loud = traffic(noise=0.4)
    loud["status_5xx"] = week["status_5xx"]
    assert red_bars(plots.requests(loud)).max() == pytest.approx(red_bars(plots.requests(week)).max())


@pytest.mark.slow
def test_errors_are_red_wherever_they_are_drawn(week: pd.DataFrame) -> None:
    figures = [
        plots.requests(week),
        plots.fleet(week.reset_index().assign(project="shop", environment="production")),
        plots.anomalies(analysis.anomalies(week)),
        plots.change_points(week, analysis.change_points(week)),
        plots.before_after(analysis.compare(week.iloc[:1000], week.iloc[3900:4100]), week),
        plots.top_paths(
            analysis.paths(
                pd.DataFrame({"path": ["/"], "count": [90]}),
                pd.DataFrame({"path": ["/"], "status": ["500"], "count": [50]}),
            )
        ),
    ]
    for figure in figures:
        written = BytesIO()
        figure.savefig(written, format="png")
        assert near(Image.open(written), palette.ERROR) > 0, figure.headline


def test_what_is_usual_is_a_band_that_an_incident_does_not_widen() -> None:
    frame = traffic(share=0.01)
    column = frame.columns.get_loc("status_5xx")
    frame.iloc[8000:9500, column] = frame["count"].iloc[8000:9500] // 2
    (band,) = [
        patch for patch in plots.requests(frame).axes[1].patches if to_hex(patch.get_facecolor()) == palette.BAND
    ]
    low, high = band.get_y(), band.get_y() + band.get_height()
    assert low < 1 < high < 3


def test_words_can_be_read_at_half_the_width(week: pd.DataFrame) -> None:
    """Where a figure takes half of its own width, letters are as high as those of 6 dots at the least."""
    for figure in (plots.requests(week), plots.today(analysis.decompose(week))):
        texts = [one for one in figure.findobj(Text) if isinstance(one, Text) and one.get_text()]
        assert len(texts) > 6
        assert min(float(text.get_fontsize()) for text in texts) / 72 * figure.dpi / 2 >= 6
