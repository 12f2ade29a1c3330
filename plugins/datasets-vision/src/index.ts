export { fashionMnist, fashionMnistSubset } from './fashion-mnist.js';
export { mnist } from './mnist.js';
