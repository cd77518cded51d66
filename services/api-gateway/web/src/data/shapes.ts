// What the API answers, as far as it is shown; docs/reference/openapi.json is the whole of it.

export interface Money {
  amount: string;
  currency: string;
}

export interface CoverageNote {
  symbol: string;
  reason: string;
  age_seconds?: number | null;
}

export interface Coverage {
  positions: number;
  priced: number;
  unpriced: number;
  stale: number;
  oldest_price_age_seconds?: number | null;
  complete: boolean;
  notes: CoverageNote[];
}

export type Basis = "last" | "bar";

export interface Portfolio {
  portfolio_id: string;
  name: string;
  base_currency: string;
  parent_id?: string | null;
}

export interface Value {
  portfolio_id: string;
  basis: Basis;
  as_of: string | null;
  recorded_at: string | null;
  valuation_id: string | null;
  currency: string;
  market_value: Money | null;
  unrealized_pnl: Money | null;
  unrealized_price_pnl: Money | null;
  unrealized_fx_pnl: Money | null;
  realized_pnl: Money | null;
  gross_exposure: Money | null;
  net_exposure: Money | null;
  nav: Money | null;
  cash: Money | null;
  leverage: string | null;
  leverage_reason: string | null;
  members: string[] | null;
  coverage: Coverage;
}

export interface MeasureValue {
  value: number | null;
  amount: Money | null;
  unit: string;
  parameters: Record<string, string>;
  details: Record<string, string>;
  reason: string | null;
  definition: number;
}

export interface NamedMeasure extends MeasureValue {
  variants: MeasureValue[];
}

export interface Risk {
  portfolio_id: string;
  basis: Basis | null;
  as_of: string | null;
  valuation_id: string | null;
  currency: string;
  coverage: Coverage;
  history_version: string | null;
  measures: Record<string, NamedMeasure>;
}

export interface VarScenario {
  dates: string[];
  weight: number;
  loss: number;
}

export interface Var {
  var: Money | null;
  es: Money | null;
  interval: { lower: Money | null; upper: Money | null; coverage: number } | null;
  confidence: number;
  method: string;
  estimator: string | null;
  k: number | null;
  scenarios: number | null;
  scenario_date: string | null;
  named: VarScenario[];
  window_start: string | null;
  window_end: string | null;
  as_of: string | null;
  valuation_id: string | null;
  currency: string;
  history_version: string | null;
  reason: string | null;
  warnings: string[];
  details: Record<string, string>;
}

export interface Unavailable {
  reason: string;
  message: string;
}

export interface Scenarios {
  currency: string;
  scenarios: { date: string; pnl: number }[];
  unavailable?: Unavailable | null;
}

export interface Component {
  name: string;
  positions: number;
  market_value: string;
  component: string;
  percent: number | null;
}

export interface Components {
  currency: string;
  total: string | null;
  components: Component[];
  unavailable?: Unavailable | null;
}

export interface PositionLine {
  symbol: string;
  asset_class: string | null;
  quantity: string;
  average_cost: string;
  currency: string;
  price: string | null;
  price_as_of: string | null;
  fx_rate: string | null;
  market_value_base: Money | null;
  unrealized_pnl_base: Money | null;
  price_pnl_base: Money | null;
  fx_pnl_base: Money | null;
  realized_pnl_base: Money | null;
  price_age_seconds: number | null;
  stale: boolean;
  sector: string | null;
}

export interface PositionList {
  as_of: string | null;
  valuation_id: string | null;
  currency: string;
  coverage: Coverage;
  data: PositionLine[];
}

export interface PnlParts {
  price: Money;
  fx: Money;
  trading: Money;
  income: Money;
  fees: Money;
  total: Money;
  hypothetical: Money;
}

export type Period = "day" | "mtd" | "ytd";

export interface Pnl {
  period: Period;
  since: string | null;
  date: string | null;
  live: boolean;
  currency: string;
  parts: PnlParts | null;
  reason: string | null;
  message: string | null;
  time_weighted_return: string | null;
  gainers: { symbol: string; total: Money }[];
  losers: { symbol: string; total: Money }[];
  coverage: { days: number; missing_days: string[]; complete: boolean };
}

export interface ExposureGroup {
  name: string;
  long: Money;
  short: Money;
  gross: Money;
  net: Money;
  share: string | null;
}

export type Grouping = "asset" | "asset_class" | "currency" | "sector" | "exchange" | "issuer";

export type Exposures = { currency: string; as_of: string | null } & {
  [group in `by_${Grouping}`]: ExposureGroup[] | null;
};

export type LimitState = "OK" | "WARNING" | "BREACH" | "UNKNOWN";

export interface LimitEvent {
  event_id: string;
  limit_id: string;
  portfolio_id: string;
  measure: string;
  state: LimitState;
  previous_state?: LimitState | null;
  value?: number | null;
  warning_level?: number | null;
  hard_level: number;
  as_of: string;
  kind: string;
  breach_id?: string | null;
  breach_opened_at?: string | null;
  severity?: number | null;
  scope?: string | null;
  scope_value?: string | null;
  parameters?: string | null;
  unit?: string | null;
  message?: string | null;
}

export interface LimitBreach {
  breach_id: string;
  phase: string;
  severity: number;
  opened_at: string;
  age_seconds: number;
  cured_at?: string | null;
  acknowledged_by?: string | null;
  explained_by?: string | null;
  explanation?: string | null;
}

export interface LimitStatus {
  limit_id: string;
  scope: string;
  scope_value: string | null;
  measure: string;
  parameters: Record<string, string>;
  unit: string | null;
  state: LimitState | null;
  since: string | null;
  value: number | null;
  utilisation_percent: number | null;
  warning_level: number | null;
  hard_level: number;
  as_of: string | null;
  reason?: string | null;
  message?: string | null;
  breach?: LimitBreach | null;
}

export interface Limits {
  portfolio_id: string;
  market_time: string | null;
  limits: LimitStatus[];
}

export interface Cure {
  unit: string;
  value: number | null;
  target: number;
  needed: boolean;
  symbol?: string | null;
  quantity?: string | null;
  market_value?: string | null;
  value_after?: number | null;
  message?: string | null;
}

export type BarStatus = "forming" | "provisional" | "final";

export interface Bar {
  symbol: string;
  window_start: string;
  open: string;
  high: string;
  low: string;
  close: string;
  vwap?: string | null;
  volume: number;
  trades: number;
  currency: string;
  status: BarStatus;
  revision: number;
  first_tick_id: string;
  last_tick_id: string;
  as_of: string;
  recorded_at: string;
}

export interface Instrument {
  symbol: string;
  name: string;
  asset_class: string;
  currency: string;
  exchange: string;
  sector?: string | null;
}

export interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

export interface HistoryPoint {
  as_of: string;
  value: string | number | null;
  revision: number;
}

export interface GroupLag {
  group: string;
  topic: string;
  lag: number;
  watermark: string | null;
}

export interface Ingest {
  received: number;
  accepted: number;
  duplicate: number;
  rejected: number;
}

export interface Pipeline {
  recorded_at: string;
  topics: { topic: string; begin_offset: number; end_offset: number }[];
  groups: GroupLag[];
  ingest: {
    total: Ingest;
    rejected_by_reason: Record<string, number>;
    partitions: (Ingest & { partition: number })[];
  };
}

export interface AmountChange {
  before: string | null;
  after: string | null;
  change: string | null;
}

export interface WhatIf {
  currency: string;
  complete: boolean;
  trades: {
    symbol: string;
    quantity: string;
    mark?: string | null;
    mark_source?: string | null;
    reason?: string | null;
    message?: string | null;
  }[];
  profit: string;
  cash_flow: string;
  market_value: AmountChange;
  gross: AmountChange;
  net: AmountChange;
  measures: {
    measure: string;
    parameters: Record<string, string>;
    unit: string;
    before: number | null;
    after: number | null;
    change: number | null;
    reason_after?: string | null;
  }[];
  limits: {
    limit_id: string;
    unit: string;
    hard_level: number;
    value_before: number | null;
    value_after: number | null;
    state_before: LimitState;
    state_after: LimitState;
    changes: boolean;
  }[];
}

export interface Source {
  id: string;
  kind: string;
  value: string | null;
  currency: string | null;
  as_of: string | null;
  tick_id: string | null;
  ticks?: { topic: string; partition: number; last_offset: number; count: number } | null;
}

export interface EvidenceLine {
  symbol: string;
  quantity: string;
  multiplier: string;
  price: string | null;
  currency: string;
  fx_rate: string | null;
  market_value_base: Money | null;
  price_sources: Source[];
  fx_sources: Source[];
  positions: { portfolio_id: string; quantity: string; average_cost: string; as_of: string; revision: number }[];
  fills: { trade_id: string; quantity: string; price: string; executed_at: string }[];
}

export interface ValueEvidence {
  as_of: string;
  valuation_id: string;
  lines: EvidenceLine[];
}
