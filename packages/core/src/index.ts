export * from './errors.js';
export * from './contracts/contribution.js';
export * from './contracts/dataset.js';
