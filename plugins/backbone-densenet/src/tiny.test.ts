import { describeBackbone } from '@limbeck/testkit/vitest';
import { denseNet } from './index.js';

/** A DenseNet small enough to be computed: what the published sizes share. */
const tiny = denseNet({ id: 'tiny', growth: 4, stemWidth: 8, layers: [1, 1, 1, 1] });

describeBackbone(tiny, { image: [3, 16, 16], options: { stem: 'cifar' }, images: [] });
describeBackbone(tiny, { image: [3, 64, 64], images: [] });
