// Is anything lost, late or doubled: rates, lags, watermarks, the conservation of ticks, dead letters.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { age, number, percent, words } from "../data/format";
import { useResource } from "../data/resource";
import type { GroupLag, Ingest, Pipeline as Answer } from "../data/shapes";
import { BarStatusPanel } from "../parts/bar-status";
import { Missing, Moment } from "../parts/figures";
import { Empty, Loaded, Panel } from "../parts/panel";
import { Spark } from "../parts/spark";
import { type Column, Table } from "../parts/table";
import { lagSeconds, newestWatermark, type Rates, rated } from "./rates";

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
      <Panel title="Stages" note="consumer groups; lag in market seconds where a watermark is told">
        <Loaded what="stages" from={answer.value}>
          {(found) => <Stages answer={found} rates={rates.value} />}
        </Loaded>
      </Panel>
      <Panel title="Topics">
        <Loaded what="topics" from={answer.value}>
          {(found) => (
            <Table caption="Topics" columns={topicColumns(rates.value)} rows={found.topics} keyOf={(one) => one.topic} />
          )}
        </Loaded>
      </Panel>
      <BarStatusPanel />
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
  const newest = newestWatermark(answer);
  const columns: readonly Column<GroupLag>[] = [
    { label: "Stage", cell: (row) => row.group, order: (row) => row.group },
    { label: "Reads", cell: (row) => row.topic, wide: true, order: (row) => row.topic },
    { label: "Lag", numeric: true, title: "records", cell: (row) => number(row.lag, 0), order: (row) => row.lag },
    { label: "Lag, s", numeric: true, cell: (row) => <LagSeconds seconds={lagSeconds(row, newest, rates)} /> },
    { label: "Watermark", numeric: true, title: "market time reached", cell: (row) => <Mark time={row.watermark} /> },
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

function LagSeconds({ seconds }: { seconds: number | null }) {
  if (seconds === null) return <Missing why="records wait, and nothing tells how long they take" />;
  return <span class={seconds > 30 ? "light warning" : ""}>{age(seconds)}</span>;
}

function Mark({ time }: { time: string | null }) {
  return time === null ? <Missing why="this stage tells no market time" /> : <Moment time={time} />;
}

type TopicRow = Answer["topics"][number];

function topicColumns(rates: Rates): readonly Column<TopicRow>[] {
  const perSecond = (row: TopicRow): number[] => rates.get(row.topic)?.perSecond ?? [];
  return [
    { label: "Topic", cell: (row) => row.topic, order: (row) => row.topic },
    {
      label: "Records/s",
      numeric: true,
      cell: (row) => (perSecond(row).length ? number(perSecond(row).at(-1)!, 1) : <Missing why="measuring" />),
      order: (row) => perSecond(row).at(-1) ?? 0,
    },
    { label: "Rate", wide: true, cell: (row) => <Spark points={perSecond(row)} label={`rate of ${row.topic}`} /> },
    { label: "Kept", numeric: true, cell: (row) => number(row.end_offset - row.begin_offset, 0) },
    { label: "End offset", numeric: true, wide: true, cell: (row) => number(row.end_offset, 0) },
  ];
}
