"""The value or the risk report a request is about: from memory, or as stored."""

from collections.abc import Mapping
from decimal import Decimal

from api_gateway.core.past import Moment
from api_gateway.core.risk_conversion import report_in
from api_gateway.core.view import Held
from api_gateway.endpoints.currencies import rate_into
from api_gateway.endpoints.parameters import basis_of
from api_gateway.problems import ProblemError
from api_gateway.state import Gateway, require_known
from contracts import Basis, RiskReport, Valuation
from contracts.analysis.var import VarAnswer


async def value_of(
    gateway: Gateway, portfolio_id: str, basis: Basis | None, past: Moment | None
) -> Held[Valuation] | None:
    """None for a known portfolio that was not valued yet.

    Raises a 404 problem for an unknown one, and when nothing is stored of the past asked for.
    """
    chosen = basis_of(basis, past)
    held = gateway.view.valuation(portfolio_id, chosen)
    if held is None:
        require_known(gateway.view, portfolio_id)
    if past is None:
        return held
    found = await gateway.repository.past.valuation(portfolio_id, past)
    if found is None:
        raise nothing_stored("value", portfolio_id, past)
    return Held(found)


async def risk_of(
    gateway: Gateway, portfolio_id: str, basis: Basis | None, past: Moment | None, currency: str | None
) -> Held[RiskReport] | None:
    """The report, with its amounts in a currency at the rates of the value it rests on; None without any.

    Raises a 404 problem as `value_of` does, a 409 problem when no rate connects the currency.
    """
    held = gateway.view.risk(portfolio_id, basis)
    if held is None:
        require_known(gateway.view, portfolio_id)
    if past is None:
        if held is None or currency in (None, held.message.currency):
            return held
        return _in_currency(held.message, rates_behind(gateway, held.message), currency)
    basis_of(basis, past)
    stored = await gateway.repository.past.report(portfolio_id, past)
    if stored is None:
        raise nothing_stored("risk", portfolio_id, past)
    report, valuation = stored
    if currency in (None, report.currency):
        return Held(report)
    return _in_currency(report, valuation.fx_rates, currency)


def rates_behind(gateway: Gateway, report: RiskReport | VarAnswer) -> Mapping[str, Decimal]:
    """The rates of the value a number rests on. Raises a 503 problem while risk is far behind."""
    rates = gateway.view.rates_of((report.portfolio_id, report.basis), report.valuation_id)
    if rates is None:
        raise ProblemError(503, f"the rates of {report.valuation_id} are gone, a newer one is due; try again")
    return rates


def nothing_stored(noun: str, name: str, past: Moment) -> ProblemError:
    """A 404 problem about a portfolio or an instrument."""
    return ProblemError(404, f"no official {noun} of {name!r} stored {past}", kind="nothing-stored")


def _in_currency(report: RiskReport, rates: Mapping[str, Decimal], currency: str | None) -> Held[RiskReport]:
    assert currency is not None, "the caller keeps the base currency apart"
    return Held(report_in(report, currency, rate_into(rates, report.currency, currency)))
