// Names of the pages for what the API answers; answers.ts is made from its description.
import type { Bar, Exposures, LimitEvent, Pnl, Value } from "./answers";

export type {
  AmountChange,
  Bar,
  Component,
  ComponentsAnswer as Components,
  Coverage,
  CureAnswer as Cure,
  EvidenceLine,
  ExposureGroup,
  Exposures,
  GroupLag,
  HistoryPoint,
  IngestTotal as Ingest,
  Instrument,
  LimitBreach,
  LimitEvent,
  LimitsAnswer as Limits,
  LimitStatus,
  MeasureValue,
  Money,
  Pipeline,
  Pnl,
  PnlParts,
  Portfolio,
  PositionLine,
  PositionList,
  ProvisionalVsFinal as BarChecks,
  Problem,
  RemovedEvent,
  Risk,
  ScenariosAnswer as Scenarios,
  Session,
  SnapshotEvent,
  Source,
  Value,
  ValueEvidence,
  Var,
  WhatIfAnswer as WhatIf,
  WindowTally,
} from "./answers";

export type Basis = Value["basis"];
export type BarStatus = Bar["status"];
export type LimitState = LimitEvent["state"];
export type Period = Pnl["period"];
type By = Extract<keyof Exposures, `by_${string}`>;
export type Grouping = By extends `by_${infer Name}` ? Name : never;

/** A part of a list, and where the next one begins. */
export interface Page<T> {
  data: T[];
  next_cursor?: string | null;
}
