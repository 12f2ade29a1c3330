import { defineProjector, LimbeckError } from '@limbeck/core';
import { formatShape, sameShape } from '@limbeck/graph';

/** No projector: student and teacher must agree in shape. The control of the papers' ablations. */
export default defineProjector({
  id: 'identity',
  description: 'no projector; the features must have equal shapes',
  project(_, x, target) {
    if (sameShape(x.shape, target)) return x;
    throw new LimbeckError(
      'SHAPE_MISMATCH',
      `projector 'identity' changes nothing, but the student's feature is ${formatShape(x.shape)} and the teacher's ${formatShape(target)}`,
      { hint: "use projector 'linear' to bridge the widths" },
    );
  },
});
