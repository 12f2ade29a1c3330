import { describe, expect, it } from 'vitest';
import { didYouMean, suggest } from './suggest.js';

describe('suggest', () => {
  it('gives near names, the nearest first', () => {
    expect(suggest('resnet8x', ['resnet110', 'resnet8', 'wrn40', 'resnet8x4'])).toEqual([
      'resnet8',
      'resnet8x4',
    ]);
  });

  it('sees a beginning of a longer name, and ignores case', () => {
    expect(suggest('fashion', ['mnist', 'fashion-mnist-subset'])).toEqual(['fashion-mnist-subset']);
    expect(suggest('BatchSize', ['batchSize'])).toEqual(['batchSize']);
  });

  it('gives nothing where nothing is near, and no more than three', () => {
    expect(suggest('kd', ['sp', 'at'])).toEqual([]);
    expect(suggest('tap1', ['tap2', 'tap3', 'tap4', 'tap5'])).toHaveLength(3);
  });
});

describe('didYouMean', () => {
  it('reads as a question', () => {
    expect(didYouMean('epoch', ['epochs'])).toBe("did you mean 'epochs'?");
    expect(didYouMean('tap1', ['tap2', 'tap3'])).toBe("did you mean 'tap2' or 'tap3'?");
    expect(didYouMean('x', ['epochs'])).toBeUndefined();
  });
});
