// Arithmetic on prices, in whole minor units.

const MONTHS = 12;

// Per cent saved by paying a year at once, rounded down.
export function saving({ monthly, yearly }) {
  const full = monthly * MONTHS;

  return full > 0 ? Math.floor((full - yearly) * 100 / full) : 0;
}
