/** The rectangle, cut into tiles, and the area under a curve within one. */
import { parseExpression } from './expression.ts';

export interface Tile {
  readonly expression: string;
  readonly x: readonly [low: number, high: number];
  readonly y: readonly [low: number, high: number];
  /** Steps along each side. */
  readonly points: number;
}

/** `count` equal tiles, in columns and rows as nearly square as `count` allows. */
export function tilesOf(whole: Tile, count: number): readonly Tile[] {
  let rows = Math.floor(Math.sqrt(count));
  while (count % rows !== 0) rows -= 1;
  const columns = count / rows;
  const width = (whole.x[1] - whole.x[0]) / columns;
  const height = (whole.y[1] - whole.y[0]) / rows;
  return Array.from({ length: count }, (_, at) => {
    const left = whole.x[0] + width * Math.floor(at / rows);
    const bottom = whole.y[0] + height * (at % rows);
    return { ...whole, x: [left, left + width], y: [bottom, bottom + height] };
  });
}

/** The share of the points of a grid that lie under the curve, times the area of the tile. */
export function areaUnder({ expression, x, y, points }: Tile): number {
  const curve = parseExpression(expression);
  const [stepX, stepY] = [(x[1] - x[0]) / points, (y[1] - y[0]) / points];
  let [underCount, pointCount] = [0, 0];
  for (let atX = x[0]; atX <= x[1]; atX += stepX) {
    const height = curve(atX);
    for (let atY = y[0]; atY <= y[1]; atY += stepY) {
      pointCount += 1;
      if (height >= atY) underCount += 1;
    }
  }
  return ((x[1] - x[0]) * (y[1] - y[0]) * underCount) / pointCount;
}
