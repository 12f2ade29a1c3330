import { referenceBackend } from './reference-backend.js';
import { describeBackend } from './vitest.js';

describeBackend(referenceBackend, { target: 'reference', required: true });
