// Is anything lost, late or doubled: rates, lags, watermarks, the conservation of ticks, dead letters.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { age, clock, number, percent, words } from "../data/format";
import { LATE_S } from "../data/freshness";
import { useResource } from "../data/resource";
import type { BarChecks as Checks, GroupLag, Ingest, Pipeline as Answer, WindowTally } from "../data/shapes";
import { Missing, Moment } from "../parts/figures";
import { Empty, Loaded, Panel } from "../parts/panel";
import { Spark } from "../parts/spark";
import { type Column, Table } from "../parts/table";
import { type Rate, type Rates, rated, recent, stageKey, topicKey } from "./rates";

const EVERY_MS = 2_000;

export function Pipeline() {
  const answer = useResource<Answer>("/v1/pipeline", { everyMs: EVERY_MS });
  const rates = useSignal<Rates>(new Map());
  useEffect(() => {
    const data = answer.value.data;
    if (data) rates.value = rated(rates.peek(), data);
  }, [answer.value]);
  return (
    <div class="page pipeline">
      <Panel title="Conservation of ticks" note="received = accepted + duplicate + rejected">
        <Loaded what="counts" from={answer.value}>
          {(found) => <Conservation ingest={found.ingest} />}
        </Loaded>
      </Panel>
      <Panel title="Dead letters" note="refused ticks by reason; their bytes are kept">
        <Loaded what="dead letters" from={answer.value}>
          {(found) => <DeadLetters ingest={found.ingest} />}
        </Loaded>
      </Panel>
      <Panel title="Stages" area="wide-panel" note="what each consumer group takes in, and how long the oldest record it has not taken in has waited">
        <Loaded what="stages" from={answer.value}>
          {(found) => <Stages answer={found} rates={rates.value} />}
        </Loaded>
      </Panel>
      <Panel title="Topics" note="what is written">
        <Loaded what="topics" from={answer.value}>
          {(found) => (
            <Table caption="Topics" columns={topicColumns(rates.value)} rows={found.topics} keyOf={(one) => one.topic} />
          )}
        </Loaded>
      </Panel>
      <Panel title="Provisional against final bars" note="since the gateway started; symbols per window">
        <Loaded what="bars" from={answer.value}>
          {(found) => <BarChecks checks={found.provisional_vs_final} />}
        </Loaded>
      </Panel>
    </div>
  );
}

function Conservation({ ingest }: { ingest: Answer["ingest"] }) {
  const rows = [
    ...ingest.partitions.map((one) => ({ ...one, name: String(one.partition) })),
    { ...ingest.total, name: "all" },
  ];
  return (
    <Table
      caption="Conservation per partition"
      columns={CONSERVATION}
      rows={rows}
      keyOf={(row) => row.name}
      classOf={(row) => (row.name === "all" ? "sum" : "")}
    />
  );
}

type Counted = Ingest & { name: string };
const difference = (row: Ingest): number => row.received - row.accepted - row.duplicate - row.rejected;

const CONSERVATION: readonly Column<Counted>[] = [
  { label: "Partition", cell: (row) => row.name },
  { label: "Received", numeric: true, cell: (row) => number(row.received, 0) },
  { label: "= Accepted", numeric: true, cell: (row) => number(row.accepted, 0) },
  { label: "+ Duplicate", numeric: true, cell: (row) => number(row.duplicate, 0) },
  { label: "+ Rejected", numeric: true, cell: (row) => number(row.rejected, 0) },
  {
    label: "Difference",
    numeric: true,
    cell: (row) => (
      <span class={difference(row) === 0 ? "light ok" : "light breach"}>
        {difference(row) === 0 ? "● 0" : `■ ${number(difference(row), 0)}`}
      </span>
    ),
  },
];

function DeadLetters({ ingest }: { ingest: Answer["ingest"] }) {
  const reasons = Object.entries(ingest.rejected_by_reason).sort((one, other) => other[1] - one[1]);
  if (reasons.length === 0) return <Empty>Nothing was refused.</Empty>;
  const columns: readonly Column<[string, number]>[] = [
    { label: "Reason", cell: ([reason]) => words(reason) },
    { label: "Ticks", numeric: true, cell: ([, count]) => number(count, 0) },
    { label: "Of received", numeric: true, cell: ([, count]) => percent(count / ingest.total.received, 2) },
    { label: "See them", cell: ([reason]) => <code>tapeline dlq list --reason {reason}</code>, wide: true },
  ];
  return <Table caption="Dead letters by reason" columns={columns} rows={reasons} keyOf={([reason]) => reason} />;
}

function Stages({ answer, rates }: { answer: Answer; rates: Rates }) {
  const rate = (row: GroupLag): Rate | undefined => rates.get(stageKey(row));
  const columns: readonly Column<GroupLag>[] = [
    {
      label: "Stage",
      cell: (row) => (
        <>
          {row.group}
          <span class="quiet narrow">{row.topic}</span>
        </>
      ),
      order: (row) => `${row.group} ${row.topic}`,
    },
    { label: "Reads", cell: (row) => row.topic, wide: true, order: (row) => row.topic },
    { label: "Records/s", numeric: true, cell: (row) => <PerSecond rate={rate(row)} />, order: (row) => recent(rate(row)) ?? 0 },
    {
      label: "Rate",
      wide: true,
      title: "of the last two minutes",
      cell: (row) => <Spark points={rate(row)?.perSecond ?? []} label={`rate of ${row.group} on ${row.topic}`} plain />,
    },
    { label: "Waiting", numeric: true, title: "records not taken in yet", cell: (row) => number(row.lag, 0), order: (row) => row.lag },
    {
      label: "Lag",
      numeric: true,
      title: "how long the oldest of them has waited",
      cell: (row) => <LagSeconds seconds={row.lag_seconds} from={HOLDS_BACK_S[row.group] ?? LATE_S} />,
      order: (row) => row.lag_seconds ?? -1,
    },
    { label: "Watermark", numeric: true, wide: true, title: "market time reached", cell: (row) => <Mark time={row.watermark} /> },
  ];
  return (
    <Table
      caption="Stages"
      columns={columns}
      rows={answer.groups}
      keyOf={(row) => `${row.group} ${row.topic}`}
    />
  );
}

function PerSecond({ rate }: { rate: Rate | undefined }) {
  const found = recent(rate);
  return found === null ? <Missing why="measuring" /> : <>{number(found, 1)}</>;
}

/** The live path commits up to the oldest window that is open, so it always seems to wait that long. */
const HOLDS_BACK_S: Record<string, number> = { "bar-aggregator": 900, "bar-aggregator.bronze": 60 };

function LagSeconds({ seconds, from }: { seconds: number | null; from: number }) {
  if (seconds === null) return <Missing why="not measured yet" />;
  return <span class={seconds > from ? "light warning" : ""}>{age(seconds)}</span>;
}

function Mark({ time }: { time: string | null }) {
  return time === null ? <Missing why="this stage tells no market time" /> : <Moment time={time} />;
}

type TopicRow = Answer["topics"][number];

function topicColumns(rates: Rates): readonly Column<TopicRow>[] {
  const rate = (row: TopicRow): Rate | undefined => rates.get(topicKey(row.topic));
  return [
    { label: "Topic", cell: (row) => row.topic, order: (row) => row.topic },
    { label: "Records/s", numeric: true, cell: (row) => <PerSecond rate={rate(row)} />, order: (row) => recent(rate(row)) ?? 0 },
    { label: "Rate", wide: true, cell: (row) => <Spark points={rate(row)?.perSecond ?? []} label={`rate of ${row.topic}`} plain /> },
    { label: "Kept", numeric: true, cell: (row) => number(row.end_offset - row.begin_offset, 0) },
    { label: "End offset", numeric: true, wide: true, cell: (row) => number(row.end_offset, 0) },
  ];
}

const SHOWN_WINDOWS = 8;

/** The live path's bars against the official ones, as the gateway has counted them. */
function BarChecks({ checks: { total, windows } }: { checks: Checks }) {
  const compared = total.equal + total.different;
  return (
    <>
      <p class="why">
        {compared === 0 ? (
          "No final bar has followed a provisional one yet."
        ) : (
          <>
            {number(total.equal, 0)} of {number(compared, 0)} final bars say what the provisional one said,{" "}
            <Odd count={total.different} /> differ, <Odd count={total.corrected} /> were corrected later
          </>
        )}
      </p>
      {windows.length === 0 ? (
        <Empty>No bar has come yet.</Empty>
      ) : (
        <Table caption="Bars by window" columns={WINDOWS} rows={windows.slice(0, SHOWN_WINDOWS)} keyOf={(row) => row.window_start} />
      )}
    </>
  );
}

function Odd({ count }: { count: number }) {
  return <span class={count ? "light warning" : ""}>{number(count, 0)}</span>;
}

const WINDOWS: readonly Column<WindowTally>[] = [
  { label: "Window", cell: (row) => clock(row.window_start) },
  { label: "Forming", numeric: true, cell: (row) => number(row.forming, 0) },
  { label: "Provisional", numeric: true, cell: (row) => number(row.provisional, 0) },
  { label: "Final", numeric: true, cell: (row) => number(row.final, 0) },
  { label: "Equal", numeric: true, title: "final bars that say what the provisional one said", cell: (row) => number(row.equal, 0) },
  {
    label: "Differ",
    numeric: true,
    title: "final bars that say something else, as after a late tick",
    cell: (row) => <Odd count={row.different} />,
  },
  { label: "Corrected", numeric: true, title: "later revisions of final bars", cell: (row) => <Odd count={row.corrected} /> },
];
