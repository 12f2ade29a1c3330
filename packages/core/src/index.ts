export * from './contracts/backend.js';
export * from './contracts/contribution.js';
export * from './contracts/dataset.js';
export * from './errors.js';
