import type { BatchTransform } from '@limbeck/core';
import { cutmix } from './cutmix.js';
import { mixup } from './mixup.js';
import { mixupOrCutmix } from './mixup-or-cutmix.js';

/** The batch transforms that every run may use. */
// biome-ignore lint/suspicious/noExplicitAny: every batch transform brings an option type of its own
export const standardBatchTransforms: readonly BatchTransform<any>[] = [mixup, cutmix, mixupOrCutmix];
