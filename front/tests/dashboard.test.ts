// @vitest-environment happy-dom
import { expect, test, vi } from "vitest";
import { queryOf, titleOf } from "../src/dashboard";
import { makeBar } from "../src/dashboard_bar";
import { pack, unpack } from "../src/dashboard_socket";

test("a message with bytes is unpacked as it was packed, and one without is text", () => {
  expect(pack({ n: 1 })).toBe('{"n":1}');
  const [data, buffers] = unpack(pack({ text: "é" }, [new Uint8Array([1, 2, 3]).buffer, new ArrayBuffer(0)]));
  expect(data).toEqual({ text: "é", sizes: [3, 0] });
  expect(buffers.map((one) => one.byteLength)).toEqual([3, 0]);
  expect(buffers[0]?.getUint8(2)).toBe(3);
});

test("the address says what is shown, and keeps what is not of it", () => {
  expect(queryOf({ project: "a&b", view: "logs" }, "?view=traffic&environment=old&theme=dark")).toBe("?theme=dark&project=a%26b&view=logs");
  expect(queryOf({}, "?project=a")).toBe("");
  expect(titleOf({ project: "shop", environment: "production", view: "logs" }, "marlow")).toBe("shop / production · logs · marlow");
  expect(titleOf({}, "marlow")).toBe("Fleet · marlow");
  expect(titleOf({ page: "changes" }, "marlow")).toBe("Changes · marlow");
});

test("changes are allowed only after a question that names the account", () => {
  const allow = vi.fn();
  const bar = makeBar({ page: vi.fn(), allow });
  document.body.append(bar.el);
  bar.welcome({ account: "<b>acme", simulated: false, name: "" });
  bar.state("fleet", true);
  const dialog = bar.el.querySelector("dialog") as HTMLDialogElement;
  const open = vi.fn(() => dialog.dispatchEvent(new Event("toggle")));
  dialog.showModal = open;
  dialog.close = vi.fn();
  const button = bar.el.querySelector<HTMLButtonElement>(":scope > .dash-button");
  button?.click();
  expect(open).toHaveBeenCalled();
  expect(allow).not.toHaveBeenCalled();
  expect(dialog.querySelector("h2")?.textContent).toBe("Allow changes to <b>acme?");
  expect(dialog.textContent).toContain("the account <b>acme on the platform");
  dialog.querySelector<HTMLButtonElement>(".dash-primary")?.click();
  expect(allow).toHaveBeenCalledWith("<b>acme");
  bar.state("fleet", false);
  expect(bar.el.querySelector("[role=status]")?.textContent).toBe("Changes allowed on <b>acme");
  button?.click();
  expect(allow).toHaveBeenLastCalledWith(null);
  expect(bar.el.querySelector("b")).toBeNull();
});
