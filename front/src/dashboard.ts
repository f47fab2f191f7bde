// The page that `createos-nb dashboard` serves: a bar, and the panels of its visit, mirrored over a web socket.
import { makeBar, type Words } from "./dashboard_bar";
import { Connection, type Message } from "./dashboard_socket";
import { followTheme, Mirror, type Update } from "./mirror";
import type { WidgetModule } from "./mirror_model";

const VISIT = "createos-visit";

interface Shown {
  address: Record<string, string>;
  readOnly: boolean;
  notice: string;
}

function line(role: string): HTMLElement {
  const el = document.createElement("p");
  el.className = `dash-${role}`;
  el.setAttribute("role", role === "lost" ? "alert" : "status");
  el.hidden = true;
  return el;
}

function say(el: HTMLElement, words: string): void {
  el.textContent = words;
  el.hidden = !words;
}

/** The query of the page, with what it shows; `wall` and what is not known stay. */
export function queryOf(address: Record<string, string>, before: string): string {
  const query = new URLSearchParams(before);
  for (const name of ["project", "environment", "view", "page"]) query.delete(name);
  for (const [name, value] of Object.entries(address)) query.set(name, value);
  const text = query.toString();
  return text ? `?${text}` : "";
}

export function titleOf(address: Record<string, string>, account: string): string {
  const { project, environment, view, page } = address;
  const what = page === "changes" ? "Changes" : [[project, environment].filter(Boolean).join(" / "), view].filter(Boolean).join(" · ") || "Fleet";
  return `${what} · ${account}`;
}

/** A style sheet by its address: the page's policy allows no others. */
function linked(address: string, before: Element): Promise<void> {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  return new Promise((done) => {
    link.addEventListener("load", () => done());
    link.addEventListener("error", () => done()); // it is then drawn without
    before.before(link);
  });
}

export function start(root: HTMLElement, address: string): { connection: Connection } {
  const wall = new URLSearchParams(location.search).get("wall") === "1";
  const html = document.documentElement;
  let account = "";
  const bar = makeBar({
    page: (name) => connection.send({ page: name }),
    allow: (name) => connection.send({ allow: name }),
  });
  const lost = line("lost");
  const notice = line("notice");
  const wait = line("wait");
  say(wait, "Reading the fleet …");
  const main = document.createElement("main");
  root.className = wall ? "dash dash-wall" : "dash";
  if (!wall) root.append(bar.el);
  root.append(lost, notice, wait, main);
  followTheme(html);
  const stage = document.createElement("div");
  main.append(stage);
  followTheme(stage);
  const mirror = new Mirror(stage, {
    send: (event, buffers) => connection.send({ event }, buffers),
    module: (digest) => import(/* @vite-ignore */ `/modules/${digest}.js`) as Promise<WidgetModule>,
    sheet: (digest, before) => linked(`/modules/${digest}.css`, before),
  });

  function show({ address: shown, readOnly, notice: words }: Shown): void {
    history.replaceState(null, "", location.pathname + queryOf(shown, location.search) + location.hash);
    document.title = titleOf(shown, account);
    bar.state(shown.page ?? "fleet", readOnly);
    say(notice, words);
  }

  function message(data: Message, buffers: DataView[]): void {
    if (data.welcome) {
      const words = data.welcome as Words & { visit?: string };
      account = words.account;
      bar.welcome(words);
      if (words.visit) sessionStorage.setItem(VISIT, words.visit);
      if (wall) document.title = `Wall · ${account}`;
      say(lost, "");
      look();
    } else if (data.update) {
      say(wait, "");
      mirror.apply(data.update as Update, buffers);
    } else if (data.state) {
      show(data.state as Shown);
    } else if (data.refused) {
      connection.end();
      say(wait, "");
      say(lost, String(data.refused));
    }
  }

  const look = (): void => connection.send({ event: { looking: !document.hidden } });
  const connection: Connection = new Connection(address, {
    hello() {
      mirror.clear();
      if (wall) return { wall: true };
      return { visit: sessionStorage.getItem(VISIT), address: Object.fromEntries(new URLSearchParams(location.search)) };
    },
    message,
    lost: (seconds) => say(lost, `The connection to the dashboard is lost; what is shown is old. Trying again in ${Math.ceil(seconds)} s.`),
  });
  document.addEventListener("visibilitychange", look);
  window.addEventListener("pagehide", () => connection.end());
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  return { connection };
}

const root = document.getElementById("dashboard");
if (root) start(root, `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/mirror`);
