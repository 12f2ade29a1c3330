export * from './events.js';
export * from './programs/distillation.js';
export * from './programs/state.js';
export * from './programs/student.js';
export * from './programs/teacher.js';
export * from './programs/traced-model.js';
export * from './run-spec.js';
