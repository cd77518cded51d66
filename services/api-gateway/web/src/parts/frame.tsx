// Around every page: where one is, whether the numbers are alive, dark or light, the keys.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { signedIn } from "../data/api";
import { moment } from "../data/format";
import { lateRisks, lateValues, tellStages } from "../data/freshness";
import { heardAt, link, marketTime } from "../data/live";
import { useResource } from "../data/resource";
import { address, finding, go, PAGES, route } from "../data/route";
import { session, signOut } from "../data/session";
import type { Pipeline } from "../data/shapes";
import { theme, toggleTheme } from "../data/theme";
import { Since } from "./figures";

const STAGES_EVERY_MS = 5_000;

export function Frame({ children }: { children: ComponentChildren }) {
  const help = useSignal(false);
  useKeys(() => (help.value = !help.value));
  useStages();
  const alive = link.value === "live";
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the numbers
      </a>
      <header class="top">
        <span class="brand">TAPELINE</span>
        <Pages />
        <span class="right">
          <LinkState />
          <button type="button" class="plain" onClick={toggleTheme} title="dark or light (t)">
            {theme.value === "dark" ? "☾ dark" : "☀ light"}
          </button>
          <SignedIn />
          <button type="button" class="plain wide" onClick={() => (help.value = true)} title="keys (?)">
            ? keys
          </button>
        </span>
      </header>
      <Banner />
      <main id="main" tabIndex={-1} class={alive ? "" : "dead"}>
        {signedIn.value ? children : <SignIn />}
      </main>
      <footer class="bottom">
        Market time is event time, UTC. Charts by{" "}
        <a href="https://www.tradingview.com/" rel="noopener noreferrer">
          TradingView Lightweight Charts™
        </a>{" "}
        © 2025 TradingView, Inc. (Apache-2.0) and{" "}
        <a href="https://github.com/leeoniya/uPlot" rel="noopener noreferrer">
          µPlot
        </a>{" "}
        (MIT).
      </footer>
      {help.value && <Help onClose={() => (help.value = false)} />}
    </>
  );
}

/** Keep asking how far the stages are, on every page. */
function useStages(): void {
  const answer = useResource<Pipeline>(link.value === "live" ? "/v1/pipeline" : null, { everyMs: STAGES_EVERY_MS });
  useEffect(() => tellStages(answer.value, Date.now()), [answer.value]);
}

/** A link with # alone would be taken for a page. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function Pages() {
  return (
    <nav aria-label="Pages">
      {PAGES.map((page, place) => (
        <a key={page} href={address(page)} aria-current={route.value.page === page ? "page" : undefined}>
          <kbd class="wide" aria-hidden="true">
            {place + 1}
          </kbd>
          {page}
        </a>
      ))}
    </nav>
  );
}

function LinkState() {
  const late = link.value === "live" ? lateRisks.value : null;
  const said = late ? "late" : { connecting: "connecting", live: "live", lost: "disconnected" }[link.value];
  return (
    <span class={`link ${late ? "late" : link.value}`} title={late ?? undefined}>
      <span class="wide">{marketTime.value !== null && moment(new Date(marketTime.value).toISOString())} </span>
      <span role="status">
        <span aria-hidden="true">{late ? "▲" : link.value === "live" ? "●" : "○"}</span> {said}
      </span>
    </span>
  );
}

function SignedIn() {
  const found = session.value;
  if (found?.kind !== "session") return null;
  const until = found.expires_at ? `, until ${moment(found.expires_at)}` : "";
  return (
    <button type="button" class="plain wide" onClick={() => void signOut()} title={`${found.name}${until}`}>
      sign out
    </button>
  );
}

function Banner() {
  if (!signedIn.value) return null;
  if (link.value === "live") return <Late />;
  if (link.value === "connecting") return null;
  return (
    <p class="banner" role="alert">
      Disconnected: these numbers are <Since at={heardAt.value} /> old. Trying again.
    </p>
  );
}

/** Connected, but somebody behind the gateway stands still. */
function Late() {
  if (lateRisks.value === null) return null;
  const what = lateValues.value === null ? "VaR and states of limits" : "Values, VaR and states of limits";
  return (
    <p class="banner late" role="status">
      {what} are old: {lateRisks.value}.
    </p>
  );
}

function SignIn() {
  return (
    <div class="sign-in">
      <h1>Signed out</h1>
      <p>
        A one-time link opens the dashboard: run <code>tapeline link</code> and open what it prints in this browser.
      </p>
    </div>
  );
}

const KEYS = [
  ["1 … 5", "pages"],
  ["/", "find an instrument"],
  ["[ ]", "portfolio or instrument before, after"],
  ["t", "dark or light"],
  ["?", "these keys"],
] as const;

function Help({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onClose={onClose} aria-label="Keys">
      <dl>
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}

function useKeys(toggleHelp: () => void): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const at = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || at.closest("input, select, textarea, dialog")) return;
      const page = PAGES[Number(event.key) - 1];
      if (page) go(page);
      else if (event.key === "t") toggleTheme();
      else if (event.key === "?") toggleHelp();
      else if (event.key === "[" || event.key === "]") step(event.key === "]" ? 1 : -1);
      else if (event.key === "/") find(event);
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

/** To the neighbour in the list of portfolios or instruments that the page shows. */
function step(by: number): void {
  const select = document.querySelector<HTMLSelectElement>(".subject select");
  if (select) {
    const next = select.options[select.selectedIndex + by];
    if (next) go("portfolio", next.value);
    return;
  }
  const items = [...document.querySelectorAll<HTMLAnchorElement>(".instruments a")];
  const next = items[items.findIndex((item) => item.ariaCurrent === "page") + by];
  if (next) location.hash = next.hash;
}

function find(event: KeyboardEvent): void {
  event.preventDefault();
  finding.value = true;
  go("market", route.value.page === "market" ? route.value.subject : null);
}
