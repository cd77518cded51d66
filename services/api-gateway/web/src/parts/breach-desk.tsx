// What a person does about a limit's breach: acknowledge, explain, close; and the trade that would end it.
import { useSignal } from "@preact/signals";
import { post, reasonOf } from "../data/api";
import { decimal } from "../data/decimal";
import { measured, moment, number, words } from "../data/format";
import { useResource } from "../data/resource";
import { may, session } from "../data/session";
import type { Cure, LimitBreach, LimitStatus } from "../data/shapes";
import { Empty, Failed, Loaded } from "./panel";

const PERSON_KEY = "tapeline.person";

interface DeskProps {
  limit: LimitStatus;
  onActed: () => void;
}

export function BreachDesk({ limit, onActed }: DeskProps) {
  const { breach, message } = limit;
  return (
    <div class="desk">
      {message && <p class="why">{message}</p>}
      {breach ? <Story breach={breach} /> : <Empty>No open breach.</Empty>}
      {breach && may("limits") && <Action limit={limit} breach={breach} onActed={onActed} />}
      {limit.state === "BREACH" && <CureTrade limit={limit} />}
      <p class="why">
        <a href={`/v1/limits/${encodeURIComponent(limit.limit_id)}`}>Definition and audit trail</a>
      </p>
    </div>
  );
}

function Story({ breach }: { breach: LimitBreach }) {
  return (
    <p>
      Opened {moment(breach.opened_at)}
      {breach.acknowledged_by && <>, acknowledged by {breach.acknowledged_by}</>}
      {breach.explained_by && (
        <>
          , explained by {breach.explained_by}: “{breach.explanation}”
        </>
      )}
      {breach.cured_at && <>, cured {moment(breach.cured_at)}</>}. <span class="quiet">{breach.breach_id}</span>
    </p>
  );
}

/** The one step that comes next; null while only the market can take it. */
function nextAction(breach: LimitBreach): "acknowledge" | "explain" | "close" | null {
  if (!breach.acknowledged_by) return "acknowledge";
  if (!breach.explained_by) return "explain";
  return breach.cured_at ? "close" : null;
}

function Action({ limit, breach, onActed }: DeskProps & { breach: LimitBreach }) {
  const by = useSignal(localStorage.getItem(PERSON_KEY) ?? (session.value?.kind === "session" ? session.value.name : ""));
  const note = useSignal("");
  const failure = useSignal<string | null>(null);
  const done = useSignal<string | null>(null);
  const action = nextAction(breach);
  if (action === null) return <p class="why">It is explained; it can be closed when the value is below the level.</p>;
  if (action === done.value) return <p role="status">Recorded ({words(action)}); the breach shows it in a moment.</p>;
  const act = async (event: Event): Promise<void> => {
    event.preventDefault();
    const body = { action, by: by.value, note: note.value, breach_id: breach.breach_id };
    try {
      await post(`/v1/limits/${encodeURIComponent(limit.limit_id)}/actions`, body);
      localStorage.setItem(PERSON_KEY, by.value);
      note.value = "";
      failure.value = null;
      done.value = action;
      onActed();
    } catch (error) {
      failure.value = reasonOf(error);
    }
  };
  return (
    <form class="fields" onSubmit={(event) => void act(event)}>
      <label>
        Your name
        <input required maxLength={100} value={by.value} onInput={(event) => (by.value = event.currentTarget.value)} />
      </label>
      <label class="grow">
        Why, kept for ever
        <input required maxLength={2000} value={note.value} onInput={(event) => (note.value = event.currentTarget.value)} />
      </label>
      <button type="submit">{words(action).replace(/^./, (letter) => letter.toUpperCase())}</button>
      {failure.value && <Failed what="This" error={failure.value} />}
    </form>
  );
}

function CureTrade({ limit }: { limit: LimitStatus }) {
  const answer = useResource<Cure>(`/v1/limits/${encodeURIComponent(limit.limit_id)}/cure`);
  return (
    <Loaded what="the smallest cure" from={answer.value}>
      {(cure) =>
        cure.symbol && cure.quantity ? (
          <p>
            Smallest cure: <strong>{Number(cure.quantity) < 0 ? "sell" : "buy"} {number(Math.abs(Number(cure.quantity)), 0)} {cure.symbol}</strong>
            {cure.market_value && <> for about {decimal(cure.market_value.replace(/^-/, ""), 0)}</>}, then{" "}
            {measured(cure.value_after ?? null, cure.unit)} against {measured(cure.target, cure.unit)}
          </p>
        ) : (
          <p>{cure.message ?? "No trade is needed."}</p>
        )
      }
    </Loaded>
  );
}
