#!/usr/bin/perl

# The alerts and the dashboard speak of metrics that exist, doc/alerts.md of
# all alerts; promtool has each alert fire, and stay silent beside it (P67).

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp ();
use JSON::PP ();
use Test::More;
use Tidy;

my $rules = 'conf/prometheus/billing.rules.yml';
my $text = slurp($rules);
my %alert;
while ($text =~ /^ +- alert: (\w+)\n(.*?)(?=^ +- alert:|^ +# |\z)/gms) {
    my ($name, $rule) = ($1, $2);
    $alert{$name} = { map { my ($word) = $_;
        $rule =~ /\b$word: '?(.*?)'?\}?$/m ? ($word => $1) : () }
        qw(expr severity summary) };
}
cmp_ok(scalar keys %alert, '>', 20, 'there are alerts');

# --- the metrics exist ----------------------------------------------------------

my %metric = map { $_ => 1 }
    slurp('doc/metrics.md') =~ /^\| `((?:nginx_)?billing_\w+)` \|/gm;
cmp_ok(scalar keys %metric, '>', 40, 'metrics are described');

sub known {
    my ($where, $expr) = @_;
    $expr =~ s/"(?:\\.|[^"\\])*"//g;
    my %name = map { s/^(\w+_seconds)_(?:bucket|sum|count)$/$1/r => 1 }
        $expr =~ /\b((?:nginx_)?billing_\w+)\b/g;
    ok(scalar keys %name, "$where asks of something");
    ok($metric{$_}, "$where: $_ exists") for sort keys %name;
}

known($_, $alert{$_}{expr}) for sort keys %alert;

my $board = JSON::PP->new->utf8->decode(slurp('conf/grafana/billing.json'));
my @panels = grep { $_->{type} ne 'row' } @{ $board->{panels} };
cmp_ok(scalar @panels, '>', 10, 'the dashboard has panels');
for my $panel (@panels) {
    known("panel \"$panel->{title}\"", $_->{expr}) for @{ $panel->{targets} };
    ok(length $panel->{description}, "panel \"$panel->{title}\" is described");
}
my %seen;
ok(!$seen{$_->{id}}++, "panel id $_->{id}") for @{ $board->{panels} };

# What billingctl status tells becomes a metric of its name.

my $status = slurp('src/ctl/status.c');
my ($rows) = $status =~ /billing_status_list\[\] = \{(.*?)\.name = NULL/s;
my %row = map { ("billing_$_" => 1) } $rows =~ /\{ "(\w+)"/g;
cmp_ok(scalar keys %row, '>', 10, 'rows of billingctl status are found');
ok($metric{$_}, "$_ is described") for sort keys %row;

# --- and the program that asks for it -------------------------------------------

my $dir = File::Temp::tempdir('billing-alerts-XXXXXX', TMPDIR => 1, CLEANUP => 1);

# textfile ANSWER STATUS OPTION...: what it writes about a billingctl that
# answers so, undef when it writes nothing.

sub textfile {
    my ($answer, $exit, @options) = @_;
    unlink "$dir/x.prom";
    open my $out, '>', "$dir/ctl" or die $!;
    print $out "#!/bin/sh\ncat <<'END'\n$answer\nEND\nexit $exit\n";
    close $out;
    chmod 0755, "$dir/ctl";
    system("conf/prometheus/billing-textfile @options $dir/x.prom $dir/ctl 2>$dir/err");
    return -e "$dir/x.prom" ? slurp("$dir/x.prom") : undef;
}

my $wrote = textfile('{"lease":{"owner":"a:1","epoch":7,"until":null,"held":true},'
    . '"schema":17,"schema_of_program":17,"at":"2026-11-23T12:00:00Z","attention":["x"],'
    . join(',', map { s/^billing_//r =~ s/(.*)/"$1":/r . (/_at$/ ? '"2026-11-23T12:00:00Z"' : 3) }
        sort keys %row) . '}', 1);
like($wrote, qr/^billing_lease_held 1\nbilling|^billing_lease_held 1$/m, 'who commits');
like($wrote, qr/^billing_attention 1$/m, 'what wants a look');
like($wrote, qr/^billing_teams_due_at 1795435200$/m, 'an instant is in seconds');
like($wrote, qr/^billing_dead_letters 3$/m, 'a number is a number');
ok($metric{$_}, "$_, which it writes, is described") for $wrote =~ /^(billing_\w+) /gm;
is(textfile('{}', 2), undef, 'a program that cannot be asked writes nothing');

$wrote = textfile('{"found":1,"checks":[{"check":"ledger.balance","found":1},'
    . '{"check":"gateway.payments","found":0,"unknown":"no answer"}]}', 2, '--verify');
like($wrote, qr/^billing_verify_found\{check="ledger.balance"\} 1$/m, 'a finding');
like($wrote, qr/^billing_verify_unknown\{check="gateway.payments"\} 1$/m, 'a check that could not be made');
ok($metric{$_}, "$_, which it writes, is described") for $wrote =~ /^(billing_\w+)[ \{]/gm;

# --- each has its place in the document -----------------------------------------

my %told = map { $_ => 1 } slurp('doc/alerts.md') =~ /^\| `(\w+)` \|/gm;
ok($told{$_}, "$_ is in doc/alerts.md") for sort keys %alert;
ok($alert{$_}, "$_ of doc/alerts.md exists") for sort keys %told;
like($alert{$_}{severity}, qr/^(?:page|ticket)$/, "$_ has a severity")
    for sort keys %alert;

# --- they fire, and do not ------------------------------------------------------

# name => [when, what the host "bad" has, what the host "good" has]: series and
# values, one a minute.

my %case = (
    BillingGateUnknown => ['10m',
        { 'nginx_billing_decisions_total{verdict="unknown",plan="none"}' => '0+3x20' },
        { 'nginx_billing_decisions_total{verdict="unknown",plan="none"}' => '5+0x20',
          'nginx_billing_decisions_total{verdict="passed",plan="team"}' => '0+9x20' }],
    BillingGateStale => ['10m',
        { 'nginx_billing_decisions_total{verdict="stale",plan="team"}' => '0+3x20' },
        { 'nginx_billing_decisions_total{verdict="stale",plan="team"}' => '0+3x4 12+0x20' }],
    BillingRedisAway => ['5m',
        { 'nginx_billing_redis_breaker{state="open"}' => '0 2+0x20' },
        { 'nginx_billing_redis_breaker{state="open"}' => '0+0x20',
          'nginx_billing_redis_breaker{state="closed"}' => '2+0x20' }],
    BillingRedisSlow => ['15m',
        { 'nginx_billing_redis_seconds_bucket{le="0.05"}' => '0+0x20',
          'nginx_billing_redis_seconds_bucket{le="0.2"}' => '0+10x20',
          'nginx_billing_redis_seconds_bucket{le="+Inf"}' => '0+10x20' },
        { 'nginx_billing_redis_seconds_bucket{le="0.05"}' => '0+10x20',
          'nginx_billing_redis_seconds_bucket{le="0.2"}' => '0+10x20',
          'nginx_billing_redis_seconds_bucket{le="+Inf"}' => '0+10x20' }],
    BillingNoNotices => ['5m', { nginx_billing_link_up => '1 0+0x20' },
        { nginx_billing_link_up => '1 1 1 1 1 0 1+0x20' }],
    BillingNoticesLate => ['5m', { nginx_billing_notice_lag_seconds => '2+0x20' },
        { nginx_billing_notice_lag_seconds => '0.01+0x20' }],
    BillingWorkerSilent => ['10m',
        { nginx_billing_waited_out_total => '0+20x20', nginx_billing_command_total => '0+100x20' },
        { nginx_billing_waited_out_total => '0+2x20', nginx_billing_command_total => '0+100x20' }],
    BillingOverloaded => ['10m', { nginx_billing_overloaded_total => '0+0x7 1+0x20' },
        { nginx_billing_overloaded_total => '3+0x20' }],
    BillingRecordsUntold => ['10m', { nginx_billing_untold_total => '0+5x20' },
        { nginx_billing_untold_total => '0+0x8 2+0x20' }],
    BillingForeignRecords => ['15m', { nginx_billing_bad_record_total => '0+0x12 1+0x20' },
        { nginx_billing_bad_record_total => '7+0x20' }],
    BillingWebhooksForged => ['20m', { nginx_billing_webhook_bad_total => '0+1x30' },
        { nginx_billing_webhook_bad_total => '0+0x15 2+0x20' }],
    BillingWrongKeys => ['20m', { nginx_billing_app_refused_total => '0+2x30' },
        { nginx_billing_app_refused_total => '0+0x15 3+0x20' }],
    BillingZoneSmall => ['8h', { nginx_billing_evicted_total => '0+5x500' },
        { nginx_billing_evicted_total => '0+5x60 300+0x500' }],
    BillingBooksUnseen => ['10m', { billing_status_seconds => '0+0x20' },
        { billing_status_seconds => '0+60x20' }],
    BillingNoWorker => ['5m', { billing_lease_held => '1 0+0x20' },
        { billing_lease_held => '1+0x20' }],
    BillingDueLate => ['30m', { billing_teams_due_at => '60+0x40' },
        { billing_teams_due_at => '1700+0x40', billing_checkouts_due_at => '0+0x40',
          billing_drafts_due_at => '9000+0x40' }],
    BillingPaymentsUnknown => ['45m', { billing_checkouts_unknown => '1+0x60' },
        { billing_checkouts_unknown => '0+0x29 1+0x30' }],
    BillingRecordsQueued => ['15m', { billing_records_queued => '3+0x30' },
        { billing_records_queued => '3+0x9 0 3+0x19' }],
    BillingMailsLate => ['30m', { billing_mails_due_at => '60+0x40' },
        { billing_mails_due_at => '1700+0x40' }],
    BillingMailsRefused => ['60m', { billing_mails_refused => '2+0x30 3+0x60' },
        { billing_mails_refused => '4+0x90' }],
    BillingUnmade => ['5m', { billing_unmade => '0 0 3+0x20' },
        { billing_unmade => '3+0x30' }],
    BillingDeadLetters => ['5m', { billing_dead_letters => '1+0x20' },
        { billing_dead_letters => '0+0x20' }],
    BillingRefundsStuck => ['5m', { billing_refunds_stuck => '1+0x20' },
        { billing_refunds_stuck => '0+0x20' }],
    BillingEventsUntold => ['20m', { billing_webhooks_failing => '1+0x30' },
        { billing_webhooks_failing => '0+0x9 1+0x30', billing_events_given_up => '2+0x30' }],
    BillingVerify => ['5m', { 'billing_verify_found{check="invoice.numbers"}' => '1+0x20' },
        { 'billing_verify_found{check="invoice.numbers"}' => '0+0x20' }],
    BillingVerifyUnmade => ['90m', { 'billing_verify_unknown{check="gateway.payments"}' => '1+0x120' },
        { 'billing_verify_unknown{check="gateway.payments"}' => '0+0x60 1+0x60' }],
    BillingVerifyOld => ['26h', { billing_verify_seconds => '0+0x1700' },
        { billing_verify_seconds => '80000+0x1700' }],
);
is_deeply([sort keys %case], [sort keys %alert], 'P67 each alert has its case');

my ($promtool) = grep { -x } map { "$_/promtool" } split /:/, $ENV{PATH};

SKIP: {
    skip 'no promtool: tools/setup monitoring', scalar keys(%case) + 2
        if !defined $promtool;

    my $said = `$promtool check rules $rules 2>&1`;
    is($? >> 8, 0, 'promtool takes the rules') or diag($said);

    open my $out, '>', "$dir/test.yml" or die $!;
    print $out "rule_files: ['", Cwd::getcwd(), "/$rules']\n",
        "evaluation_interval: 30s\ntests:\n";

    my $expect = sub {
        my ($name, $when, $labels, @series) = @_;
        (my $summary = $alert{$name}{summary})
            =~ s/\{\{ \$labels\.check \}\}/$labels->{check}/;
        print $out "  - interval: 1m\n    input_series:\n", @series ? '' : "      []\n";
        while (my ($series, $values) = splice @series, 0, 2) {
            print $out "      - series: '$series'\n        values: '$values'\n";
        }
        print $out "    alert_rule_test:\n      - eval_time: $when\n",
            "        alertname: $name\n        exp_alerts:\n",
            "          - exp_labels: {", join(', ', map { "$_: '$labels->{$_}'" }
                sort keys %$labels), "}\n",
            "            exp_annotations: {summary: '$summary'}\n";
    };

    for my $name (sort keys %case) {
        my ($when, $bad, $good) = @{ $case{$name} };
        my %label = (severity => $alert{$name}{severity}, instance => 'bad');
        my @series;
        for ([bad => $bad], [good => $good]) {
            my ($host, $has) = @$_;
            for my $series (sort keys %$has) {
                my ($metric, $labels) = $series =~ /^(\w+)(?:\{(.*)\})?$/;
                push @series, sprintf('%s{%sinstance="%s"}', $metric,
                    defined $labels ? "$labels," : '', $host), $has->{$series};
                next if $host ne 'bad' || !defined $labels
                    || $alert{$name}{expr} =~ /sum by/;
                $label{$1} = $2 while $labels =~ /(\w+)="([^"]*)"/g;
            }
        }
        $expect->($name, $when, \%label, @series);
    }

    # Nothing at all is not silence.
    $expect->($_, '10m', { severity => 'ticket' })
        for qw(BillingBooksUnseen BillingVerifyOld);
    close $out;

    $said = `$promtool test rules $dir/test.yml 2>&1`;
    is($? >> 8, 0, 'promtool runs the cases') or diag($said);
    unlike($said, qr/\b$_\b/, "$_ fires, and not beside it") for sort keys %case;
}

done_testing();
