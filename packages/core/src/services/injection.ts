/**
 * inversify's decorators, so that plugins with classes need not depend on it themselves. `decorate` applies them without
 * decorator syntax. Always name the token: compilers that strip types leave no constructor types to go by.
 */
export { decorate, inject, injectable, named } from 'inversify';
