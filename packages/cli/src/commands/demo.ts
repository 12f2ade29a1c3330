export const demo = async () => {};
