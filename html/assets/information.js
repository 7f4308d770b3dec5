// Billing information: countries by name, and the tax id where it counts.

import { find, h } from './dom.js';
import { field, fieldError } from './shell.js';
import { lang, t } from './text.js';

const COUNTRIES = 'AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN '
  + 'BO BQ BR BS BT BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM '
  + 'DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU '
  + 'GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY '
  + 'KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV '
  + 'MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY '
  + 'QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TG TH '
  + 'TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW';
// Where the tax is a VAT (R116).
const VAT = 'AT BE BG CY CZ DE DK EE ES FI FR GB GR HR HU IE IT LT LU LV MC MT NL NO PL PT RO SE SI SK TR';
const AUTOCOMPLETE = { company: 'organization', name: 'name', address: 'street-address',
  postal_code: 'postal-code', city: 'address-level2', region: 'address-level1', country: 'country',
  email: 'email' };
const LONGEST = { vat_id: 31, postal_code: 16, details: 500 };

export const TAXED = ['country', 'vat_id'];
export const usesVat = (country) => VAT.split(' ').includes(country);

function countries(chosen, hint) {
  const names = new Intl.DisplayNames([lang], { type: 'region' });
  const list = COUNTRIES.split(' ').map((code) => [code, names.of(code)])
    .sort((a, b) => a[1].localeCompare(b[1], lang));

  return h('div', { class: 'field', id: 'country-field' },
    h('label', { for: 'country' }, t('information.country')),
    h('p', { class: 'error', id: 'country-error', hidden: true }),
    h('select', { id: 'country', name: 'country', autocomplete: 'country', value: chosen,
      'aria-describedby': `country-error${hint ? ` ${hint}` : ''}` },
    h('option', { value: '' }, t('information.country.none')),
    list.map(([value, name]) => h('option', { value }, name))));
}

// The tax id is asked for where the country's tax is a VAT (R113).
export function informationFields(names, given = {}) {
  const box = h('div', { class: 'fields' }, names.map((id) => (id === 'country'
    ? countries(given.country ?? '') : field({ id, label: t(`information.${id}`),
      autocomplete: AUTOCOMPLETE[id] ?? 'off', maxlength: LONGEST[id] ?? 120,
      value: given[id] ?? '' }))));
  const show = () => {
    const country = find('#country', box).value;
    const asked = usesVat(country) || Boolean(given.vat_id && country === given.country);

    find('#vat_id-field', box).hidden = !asked;
    if (!asked) {
      fieldError('vat_id', null);
    }
  };

  box.addEventListener('change', show);
  show();
  return box;
}

// One that is not shown is as good as empty.
export const valueOf = (id, root = document) => (find(`#${id}-field`, root).hidden ? ''
  : find(`#${id}`, root).value.trim());

export function readInformation(names, root = document) {
  return Object.fromEntries(names.map((id) => [id, valueOf(id, root)]).filter(([, value]) => value));
}
