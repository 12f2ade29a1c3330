export const inspect = async () => {};
