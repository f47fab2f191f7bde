"""Names in every script are drawn as they are, in whatever installed font has them."""

from __future__ import annotations

import warnings

import pytest
from matplotlib.font_manager import FontProperties, findfont, get_font

from createos_nb.plots import fonts, style

LENT = "\u1d81"  # a letter that the usual font lacks, and one that comes with matplotlib has


@pytest.mark.parametrize("name", ["日本", "Ünïcode", "😀", "مرحبا", LENT, "می‌خواهم"])
def test_a_name_comes_through_as_it_is(name):
    assert fonts.escape_text(name) == name


def test_what_would_act_is_shown_as_a_sign():
    assert fonts.escape_text("a\x07b\u202ec\ud800d\u00a0e\x7f$x$\n") == "a␇b�c�d e␡\\$x\\$\n"


@pytest.mark.parametrize("name", ["日本", LENT])
def test_foreign_names_are_drawn_without_a_warning(name):
    figure, (ax,) = style.figure(fonts.escape_text(name), caption=name)
    ax.set_yticks([0.5], [name])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert figure._repr_png_()[0]
    assert name in figure.caption


def test_a_letter_is_lent_from_another_font():
    assert not get_font(findfont(FontProperties())).get_char_index(ord(LENT))
    figure, (ax,) = style.figure("x")
    ax.set_yticks([0.5], [LENT])
    assert fonts.use_fallback_fonts(figure)
    family = ax.get_yticklabels()[0].get_fontfamily()
    own, more = family
    assert get_font(findfont(FontProperties(family=[more]))).get_char_index(ord(LENT))
    assert fonts.use_fallback_fonts(figure)
    assert ax.get_yticklabels()[0].get_fontfamily() == [own, more]


def test_wide_letters_are_wrapped_by_their_width():
    lines = fonts.wrapped("漢" * 200, 8, size=12).splitlines()
    assert max(len(line) for line in lines) * 12 / 72 <= 8 * 1.1
    assert fonts.wrapped("", 8, size=12) == ""
