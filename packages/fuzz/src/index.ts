export * from './differential.js';
export * from './edits.js';
export * from './fuzz.js';
export * from './programs.js';
export * from './subjects.js';
