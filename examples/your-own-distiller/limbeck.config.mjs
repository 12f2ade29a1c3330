import { defineConfig } from 'limbeck';
import sameEnergy from './same-energy.mjs';

export default defineConfig({
  extends: '../fashion-mnist/limbeck.config.ts',
  plugins: [sameEnergy],
  // distillers add up: two terms beside the cross-entropy
  distiller: ['projector-ensemble', 'same-energy'],
});
