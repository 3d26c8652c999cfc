/** Eigenvalues and eigenvectors (columns of `vectors`) of a symmetric matrix by Jacobi rotations; deterministic, descending. */
export function symmetricEigen(matrix: readonly (readonly number[])[]): { readonly values: number[]; readonly vectors: number[][] } {
  const size = matrix.length;
  const a = matrix.map((row) => Float64Array.from(row));
  const v = matrix.map((_, row) => Float64Array.from({ length: size }, (_unused, column) => (row === column ? 1 : 0)));
  const at = (rows: Float64Array[], row: number, column: number) => rows[row]?.[column] ?? 0;
  const rotate = (rows: Float64Array[], k: number, p: number, q: number, c: number, s: number, byColumn: boolean) => {
    const [rowP, columnP, rowQ, columnQ] = byColumn ? [k, p, k, q] : [p, k, q, k];
    const x = at(rows, rowP, columnP);
    const y = at(rows, rowQ, columnQ);
    const target = rows[rowP];
    const other = rows[rowQ];
    if (target !== undefined) target[columnP] = c * x - s * y;
    if (other !== undefined) other[columnQ] = s * x + c * y;
  };
  for (let sweep = 0; sweep < 100; sweep += 1) {
    let offDiagonal = 0;
    for (let p = 0; p < size; p += 1) for (let q = p + 1; q < size; q += 1) offDiagonal += at(a, p, q) ** 2;
    if (offDiagonal < 1e-20) break;
    for (let p = 0; p < size; p += 1) {
      for (let q = p + 1; q < size; q += 1) {
        const pivot = at(a, p, q);
        if (Math.abs(pivot) < 1e-15) continue;
        const theta = (at(a, q, q) - at(a, p, p)) / (2 * pivot);
        const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(tangent * tangent + 1);
        const s = tangent * c;
        for (let k = 0; k < size; k += 1) rotate(a, k, p, q, c, s, true);
        for (let k = 0; k < size; k += 1) rotate(a, k, p, q, c, s, false);
        for (let k = 0; k < size; k += 1) rotate(v, k, p, q, c, s, true);
      }
    }
  }
  const order = Array.from({ length: size }, (_, index) => index).sort((i, j) => at(a, j, j) - at(a, i, i) || i - j);
  return { values: order.map((index) => at(a, index, index)), vectors: v.map((row) => order.map((index) => row[index] ?? 0)) };
}
