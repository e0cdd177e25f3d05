// What the report's script uses of Observable Plot and d3, and nothing else.
export {areaY, axisX, axisY, barX, dot, gridX, gridY, line, plot, ruleX, ruleY, text, tip} from "@observablehq/plot";
export {pointer, pointerX, pointerY} from "@observablehq/plot";
export {csvParseRows} from "d3-dsv";
