export const init = async () => {};
