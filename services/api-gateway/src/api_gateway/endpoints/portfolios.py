"""Portfolios: the list, one, its value and positions, and the writing of its book."""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from api_gateway.core import tree, values
from api_gateway.core.book import change, wrong_fields
from api_gateway.core.pages import page_after
from api_gateway.core.reach import PortfoliosWithin
from api_gateway.endpoints.currencies import converted, only_base
from api_gateway.endpoints.documentation import answers
from api_gateway.endpoints.parameters import (
    BasisQuery,
    CurrencyQuery,
    CursorQuery,
    Limit,
    Past,
    PortfolioId,
    basis_of,
    cursor_parts,
)
from api_gateway.endpoints.valued import nothing_stored, value_of
from api_gateway.problems import ProblemError
from api_gateway.schemas.books import BookAccepted, BookIn
from api_gateway.schemas.portfolios import PortfolioList, PortfolioTree
from api_gateway.schemas.values import PositionList, Value
from api_gateway.security.caller import reach_of
from api_gateway.state import gateway_of, reply, reply_page, require_known
from contracts import Portfolio, Valuation
from contracts.codec import encode

router = APIRouter(prefix="/v1/portfolios", tags=["portfolios"])


@router.get("", operation_id="listPortfolios", responses=answers(PortfolioList, 422))
async def list_portfolios(request: Request, limit: Limit = 500, cursor: CursorQuery = None) -> Response:
    """Portfolios by id."""
    view = gateway_of(request).view
    cursor_parts(cursor, parts=1)
    ordered = [view.portfolios[name] for name in sorted(view.portfolios)]
    page = page_after(ordered, cursor, limit, lambda one: one.portfolio_id)
    return reply_page(request, PortfolioList(data=page.items, next_cursor=page.next_cursor))


@router.get("/{portfolio_id}", operation_id="getPortfolio", responses=answers(PortfolioTree, 404))
async def get_portfolio(request: Request, portfolio_id: PortfolioId, past: Past = None) -> Response:
    """One portfolio, and the portfolios below it; of the past as they were valid and known then."""
    gateway = gateway_of(request)
    portfolios: Mapping[str, Portfolio] = gateway.view.portfolios
    if past is not None:
        require_known(gateway.view, portfolio_id)
        stored = await gateway.repository.past.portfolios(past)
        portfolios = PortfoliosWithin(stored, reach_of(request.scope).covers)
    found = tree.portfolio_tree(portfolios, portfolio_id)
    if found is None and past is not None:
        raise nothing_stored("version", portfolio_id, past)
    if found is None:
        raise ProblemError(404, f"no portfolio {portfolio_id!r}: GET /v1/portfolios lists them")
    return reply(found)


@router.get("/{portfolio_id}/value", operation_id="getValue", responses=answers(Value, 404, 409, 422))
async def get_value(
    request: Request,
    portfolio_id: PortfolioId,
    currency: CurrencyQuery = None,
    basis: BasisQuery = None,
    past: Past = None,
) -> Response:
    """Market value, unrealised PnL and exposure. A portfolio that was not valued yet has nulls, not zeros."""
    gateway = gateway_of(request)
    view, chosen = gateway.view, basis_of(basis, past)
    held = await value_of(gateway, portfolio_id, basis, past)
    if held is None:
        asked = only_base(view.base_currency(portfolio_id), currency)
        return reply(values.unvalued(portfolio_id, chosen, asked))

    def make(valuation: Valuation) -> bytes:
        return encode(values.value(converted(valuation, currency), valuation.currency))

    body = held.answer(("value", currency), make)
    if past is not None:
        return reply(body)
    gateway.hot.keep(request.scope, body, held.tag, held, lambda: view.valuation(portfolio_id, chosen))
    return reply(body, tag=held.tag)


@router.get(
    "/{portfolio_id}/positions", operation_id="listPositions", responses=answers(PositionList, 404, 409, 422)
)
async def list_positions(
    request: Request,
    portfolio_id: PortfolioId,
    currency: CurrencyQuery = None,
    basis: BasisQuery = None,
    past: Past = None,
) -> Response:
    """Every position of one valuation with its price, value and PnL; unpriced ones too."""
    gateway = gateway_of(request)
    held = await value_of(gateway, portfolio_id, basis, past)
    if held is None:
        asked = only_base(gateway.view.base_currency(portfolio_id), currency)
        return reply(values.no_positions(portfolio_id, basis_of(basis, past), asked))
    body = held.answer(
        ("positions", currency),
        lambda valuation: encode(values.positions(converted(valuation, currency).valuation)),
    )
    return reply(body, tag=held.tag if past is None else None)


@router.put(
    "/{portfolio_id}/positions",
    operation_id="putPositions",
    status_code=202,
    responses=answers(BookAccepted, 404, 413, 422, status=202),
)
async def put_positions(request: Request, portfolio_id: PortfolioId, book: BookIn) -> Response:
    """Replace the whole book from as_of on: what is not named is closed. Repeating it changes nothing."""
    gateway = gateway_of(request)
    portfolio = gateway.view.portfolios.get(portfolio_id)
    if portfolio is None:
        raise ProblemError(404, f"no portfolio {portfolio_id!r}: GET /v1/portfolios lists them")
    errors = wrong_fields(book, gateway.view.instruments)
    if errors:
        raise ProblemError(422, f"{len(errors)} wrong fields, nothing was changed", errors=errors)
    async with gateway.books.turn:
        await gateway.books.settle()
        loaded = gateway.view.books.get(portfolio_id, {})
        # What was only traded is on no positions topic, and belongs to the book all the same.
        present = {*loaded, *await gateway.repository.traded_symbols(portfolio_id)}
        changed = change(portfolio, book, present, gateway.clock.now())
        await gateway.books.publish(changed)
    return reply(
        BookAccepted(
            portfolio_id=portfolio_id,
            as_of=changed.as_of,
            recorded_at=changed.recorded_at,
            held=tuple(position.symbol for position in changed.held),
            closed=changed.closed,
        ),
        202,
    )
