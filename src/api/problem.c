/* A refusal as a problem document (RFC 9457). */

#include "billing_api.h"

#include <stdio.h>
#include <stdlib.h>

#define BILLING_PROBLEM_KEY_MAX  80


typedef struct {
    const char      *code;
    billing_lang_t   lang;
    const json_t    *args;
    bool             missing;           /* one of the texts is English */
} billing_problem_words_t;


static json_t *billing_problem_text(billing_problem_words_t *words,
    const char *member);


json_t *
billing_problem(billing_reason_t reason, billing_lang_t lang,
    const char *field, json_t *args)
{
    char                     type[BILLING_PROBLEM_KEY_MAX];
    json_t                  *problem;
    billing_problem_words_t  words = {
        billing_reason_code(reason), lang, args, false
    };

    (void) snprintf(type, sizeof(type), "/billing/problems/%s", words.code);

    if (field == NULL || field[0] == '\0') {
        field = billing_reason_field(reason);
    }

    /* json_pack frees what it was given when one of them is NULL. */

    problem = json_pack("{ss so si so ss so ss*}",
                        "type", type,
                        "title", billing_problem_text(&words, "title"),
                        "status", (int) billing_reason_status(reason),
                        "detail", billing_problem_text(&words, "detail"),
                        "code", words.code,
                        "next", billing_problem_text(&words, "next"),
                        "field", field);

    if (problem != NULL && words.missing
        && json_object_set_new(problem, "untranslated", json_true()) != 0)
    {
        json_decref(problem);
        return NULL;
    }

    if (problem != NULL && args != NULL
        && json_object_update_missing(problem, args) != 0)
    {
        json_decref(problem);
        return NULL;
    }

    return problem;
}


static json_t *
billing_problem_text(billing_problem_words_t *words, const char *member)
{
    char     key[BILLING_PROBLEM_KEY_MAX];
    char    *text;
    json_t  *json;

    (void) snprintf(key, sizeof(key), "%s.%s", words->code, member);

    if (billing_text_exact(key, words->lang) == NULL) {
        words->missing = true;
    }

    text = billing_text_format(key, words->lang, words->args);
    json = text != NULL ? json_string(text) : NULL;
    free(text);

    return json;
}
