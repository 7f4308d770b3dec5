#!/usr/bin/perl

# billingctl as the operator calls it: t/data/ctl/*.json lists, per command,
# what goes in and what must come out; "out" needs to hold only the members
# that matter.  A case is one test.

use strict;
use warnings;

use Cwd ();
use File::Basename ();
use File::Temp ();
use JSON::PP ();
use Test::More;

my $root = Cwd::realpath(File::Basename::dirname(__FILE__) . '/..');
my $ctl = ($ENV{BILLING_BUILD} || "$root/build/release") . '/billingctl';
my $dir = File::Temp::tempdir(CLEANUP => 1);
my $json = JSON::PP->new->canonical->pretty->allow_nonref;

-x $ctl or BAIL_OUT("no $ctl: make ctl");

sub slurp {
    my ($name) = @_;
    open my $in, '<', $name or die "$name: $!\n";
    local $/;
    return scalar <$in>;
}

sub spurt {
    my ($name, $text) = @_;
    open my $out, '>', $name or die "$name: $!\n";
    print $out $text;
    close $out or die "$name: $!\n";
}

# Runs billingctl: exit status, standard output, standard error.

sub run {
    my ($text, @args) = @_;
    spurt("$dir/in", $text);
    my $command = join ' ', map { "'$_'" } $ctl, @args;
    system("$command < '$dir/in' > '$dir/out' 2> '$dir/err'");
    return ($? >> 8, slurp("$dir/out"), slurp("$dir/err"));
}

# The members of want, taken from got as deep as want goes.

sub cut {
    my ($got, $want) = @_;
    if (ref $want eq 'HASH' && ref $got eq 'HASH') {
        return { map { $_ => cut($got->{$_}, $want->{$_}) } keys %$want };
    }
    if (ref $want eq 'ARRAY' && ref $got eq 'ARRAY' && @$got == @$want) {
        return [ map { cut($got->[$_], $want->[$_]) } 0 .. $#$want ];
    }
    return $got;
}

# The shipped configuration, with taxes to calculate with.

my $conf = $json->decode(slurp("$root/conf/billing.json"));
$conf->{tax} = [ { country => 'FR', permyriad => 2000 },
                 { country => 'DE', permyriad => 1900, reverse_charge =>
                   JSON::PP::true } ];
spurt("$dir/billing.json", $json->encode($conf));

for my $file (sort glob "$root/t/data/ctl/*.json") {
    my $command = File::Basename::basename($file, '.json');
    for my $case (@{ $json->decode(slurp($file)) }) {
        my ($status, $out, $err) = run(
            defined $case->{bytes} ? $case->{bytes}
                                   : $json->encode($case->{in}),
            '--config', "$dir/billing.json", $command);
        my $got = eval { $json->decode($out) };
        my $want = { status => $case->{status} || 0, out => $case->{out} };
        is($json->encode({ status => $status,
                           out => cut($got, $case->{out}) }),
            $json->encode($want), "$command: $case->{name}")
            or diag("$out$err");
    }
}


# The command line.

my $good = '{"anchor":"2026-01-31","interval":"month","count":1}';

for my $command (qw(quote prorate periods status verify explain export migrate
    rehydrate dead-letters)) {
    for my $option (qw(--help -h)) {
        my ($status, $out, $err) = run('', $command, $option);
        is($status, 0, "$command $option: status");
        like($out, qr/^Usage: billingctl .*\b$command\b/,
            "$command $option: usage on standard output");
        is($err, '', "$command $option: no complaint");
    }
}

for my $case (
    [ 'no command', qr/^Usage: / ],
    [ 'an unknown command', qr/no command "bill"/, 'bill' ],
    [ 'an unknown option', qr/frobnicate/, '--frobnicate', 'periods' ],
    [ 'an unknown option of a command', qr/frobnicate/, 'periods',
      '--frobnicate' ],
    [ 'an argument too many', qr/unexpected "more"/, 'periods', 'more' ],
    [ 'quote without --config', qr/--config FILE is needed/, 'quote' ],
    [ 'verify without --config', qr/--config FILE is needed/, 'verify' ],
    [ 'an option of another command', qr/periods: takes no --json/, 'periods',
      '--json' ],
    [ 'who without an address', qr/who needs an e-mail address/, 'who' ],
    [ 'who of what is none', qr/who needs an e-mail address/, 'who', 'ann' ],
    [ 'who without --config', qr/--config FILE is needed/, 'who',
      'ann@example.test' ],
    [ 'explain without a number', qr/which invoice/, 'explain' ],
    [ 'explain of two', qr/unexpected "b"/, 'explain', 'a', 'b' ],
    [ 'a language that is none', qr/--lang is en or fr, not "de"/, 'explain',
      'a', '--lang', 'de' ],
    [ 'a date that is none', qr/--since is a date .*not "now"/, 'export',
      '--since', 'now' ],
    [ 'a format that is none', qr/--format is json or csv/, 'export',
      '--format', 'xml' ],
    [ 'dead-letters: a verb that is none', qr/list, show, retry or drop/,
      'dead-letters', 'burn', 'x' ],
    [ 'dead-letters: drop without an id', qr/drop: of which ID/,
      'dead-letters', 'drop' ],
    [ 'a database that is not there', qr/unable to open database file/,
      '--config', "$dir/billing.json", 'verify' ],
    [ 'a configuration that is not there', qr{nowhere\.json: No such file},
      'quote', '--config', "$dir/nowhere.json" ],
    [ 'a configuration that is not one', qr{/in:1:\d+: }, 'quote',
      '--config', "$dir/in" ],
) {
    my ($name, $pattern, @args) = @$case;
    my ($status, $out, $err) = run($good, @args);
    is($status, 2, "$name: status 2");
    is($out, '', "$name: nothing on standard output");
    like($err, $pattern, "$name: said on standard error");
}

{
    my ($status, $out) = run('x' x (1024 * 1024 + 1), 'periods');
    is($status, 1, 'too much input: refused');
    is($json->decode($out)->{code}, 'BODY_TOO_LARGE', 'too much input: why');
    system("printf '%s' '$good' | '$ctl' periods > /dev/full 2> '$dir/err'");
    is($? >> 8, 2, 'an answer that cannot be written is no success');
}

done_testing();
