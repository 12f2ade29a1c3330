/** The records of a zip archive (PKWARE's APPNOTE 6.3): signatures, fixed lengths, and where their fields stand. */
export const local = { signature: 0x04034b50, length: 30 } as const;
export const central = { signature: 0x02014b50, length: 46 } as const;
export const end = { signature: 0x06054b50, length: 22 } as const;
export const end64 = { signature: 0x06064b50, length: 56 } as const;
export const locator64 = { signature: 0x07064b50, length: 20 } as const;

/** A 16-bit or 32-bit field that says: look into the zip64 record. */
export const saturated16 = 0xffff;
export const saturated32 = 0xffffffff;

/** The id of the extra field that holds 64-bit sizes. */
export const extra64 = 0x0001;

export const methods = { stored: 0, deflated: 8 } as const;

/** Bits of an entry's flags: it is encrypted; its checksum and sizes follow it. */
export const flags = { encrypted: 1, described: 8 } as const;
