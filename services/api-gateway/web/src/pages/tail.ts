// Finding one number of a risk report by what was asked for.
import type { MeasureValue, Risk } from "../data/shapes";

export function tailAmount(risk: Risk | undefined, measure: string, bp: string): MeasureValue | undefined {
  return risk?.measures[measure]?.variants.find((one) => one.parameters["confidence_bp"] === bp);
}
