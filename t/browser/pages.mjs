// The pages, each with what it shows once it is of use.

export const PAGES = [
  ['/dashboard?team=team-free', '.team-head'],
  ['/pricing', '.plan-card'],
  ['/upgrade?team=team-free', '#purchase'],
  ['/billing/overview?team=team-business', '#panel-renewal'],
  ['/billing/invoices?team=team-business', '.empty'],
  ['/billing/pay?token=x', '.notice'],
];
