/** How a field's value is laid out on the wire. The two group types are long deprecated and refused. */
export const wire = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

/** The largest field number the encoding has. */
export const maxField = 2 ** 29 - 1;
