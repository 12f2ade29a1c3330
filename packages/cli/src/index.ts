export * from '@limbeck/core';
