/* Part of business_fixture.h: what a savepoint covers. */

#ifndef BILLING_BUSINESS_MARKS_H
#define BILLING_BUSINESS_MARKS_H

size_t
billing_http_mark(const billing_worker_t *w)
{
    (void) w;
    return t.waiting + t.nqueued;
}


size_t
billing_http_finished(const billing_worker_t *w,
    const billing_finished_t **list)
{
    (void) w;
    *list = NULL;
    return t.finished;
}


void
billing_http_undo(billing_worker_t *w, size_t mark)
{
    (void) w;
    t.nqueued = (unsigned) (mark - t.waiting);
}


size_t
billing_outbox_mark(const billing_worker_t *w)
{
    (void) w;
    return 0;
}


void
billing_outbox_undo(billing_worker_t *w, size_t mark)
{
    (void) w;
    (void) mark;
}


size_t
billing_answers_mark(const billing_worker_t *w)
{
    (void) w;
    return t.nanswers;
}


void
billing_answers_undo(billing_worker_t *w, size_t mark)
{
    (void) w;

    while (t.nanswers > mark) {
        json_decref(t.body[--t.nanswers]);
    }
}

#endif /* BILLING_BUSINESS_MARKS_H */
