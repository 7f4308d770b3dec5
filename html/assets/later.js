// What is used by few is loaded when it is asked for; that it cannot be
// loaded is said where the reader looks.

import { Problem } from './api.js';
import { dialog } from './dom.js';
import { failure } from './shell.js';
import { t } from './text.js';

export const later = (load, name) => async (...args) => {
  let module;

  try {
    module = await load();
  } catch {
    const box = dialog(t('problem.title'), t('close'),
      failure(new Problem(0, { code: 'NETWORK' }), () => {
        box.close();
        later(load, name)(...args);
      }));
    return;
  }
  module[name](...args);
};
