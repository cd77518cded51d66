import { render } from "preact";
import "uplot/dist/uPlot.min.css";
import { begin } from "./data/live";
import { route } from "./data/route";
import { Limits } from "./pages/limits";
import { Market } from "./pages/market";
import { Overview } from "./pages/overview";
import { Pipeline } from "./pages/pipeline";
import { PortfolioPage } from "./pages/portfolio/page";
import { Frame } from "./parts/frame";
import "./style.css";

const SHOWN = { overview: Overview, portfolio: PortfolioPage, market: Market, limits: Limits, pipeline: Pipeline };

function App() {
  const Shown = SHOWN[route.value.page];
  return (
    <Frame>
      <Shown />
    </Frame>
  );
}

begin();
render(<App />, document.body);
