"""What trades would do to a book; nothing is booked."""

from fastapi import APIRouter, Request, Response

from api_gateway.endpoints.documentation import answers
from api_gateway.endpoints.parameters import wrong
from api_gateway.schemas.what_if import WhatIfIn
from api_gateway.security.caller import concerns
from api_gateway.state import gateway_of, reply, require_known
from contracts.analysis.what_if import SupposedTrade, WhatIfAnswer, WhatIfRequest

router = APIRouter(prefix="/v1", tags=["risk"])


@router.post("/what-if", operation_id="postWhatIf", responses=answers(WhatIfAnswer, 404, 413, 422))
async def post_what_if(request: Request, body: WhatIfIn) -> Response:
    """Value, exposure, risk and limits of a book before and after trades. Nothing is booked or stored."""
    gateway = gateway_of(request)
    concerns(request, body.portfolio_id)
    require_known(gateway.view, body.portfolio_id)
    for place, trade in enumerate(body.trades):
        if not trade.quantity:
            raise wrong(f"body.trades.{place}.quantity", "0 is no trade: leave it out")
    known = gateway.view.instruments
    symbols = dict.fromkeys(trade.symbol for trade in body.trades)
    asked = WhatIfRequest(
        portfolio_id=body.portfolio_id,
        trades=tuple(
            SupposedTrade(symbol=one.symbol, quantity=one.quantity, price=one.price, fee=one.fee)
            for one in body.trades
        ),
        basis=body.basis,
        instruments=tuple(known[symbol] for symbol in symbols if symbol in known),
    )
    return reply(await gateway.analyst.ask("what_if", asked))
