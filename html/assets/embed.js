// The demo of a foreign page: which team is open there, and what it hears.

const team = new URLSearchParams(location.search).get('team');

if (team) {
  for (const one of document.querySelectorAll('[team]')) {
    one.setAttribute('team', team);
  }
  document.querySelector('header a')?.setAttribute('href', `/upgrade?team=${encodeURIComponent(team)}`);
}
for (const name of ['upgraded', 'cancelled', 'leaving', 'problem']) {
  document.addEventListener(`billing:${name}`, ({ detail }) => {
    document.querySelector('#heard').textContent = `billing:${name} ${JSON.stringify(detail)}`;
  });
}
