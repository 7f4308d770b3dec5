#!/usr/bin/perl

# Every text in English, and in French unless untranslated.list names it, with
# the same placeholders in both.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP;
use Test::More;
use Tidy;

my %allowed = map { $_ => 1 } grep { !/^\s*(?:#|$)/ }
    split /\n/, slurp('t/tidy/untranslated.list');
my @missing;

my @files = files(qr{^conf/messages/[^/]+\.json$});
ok(@files > 0, 'there are texts');

for my $file (@files) {
    my $texts = eval { JSON::PP->new->utf8->decode(slurp($file)) };
    ok(ref $texts eq 'HASH', "$file is JSON") or next;
    walk($file, $texts, '');
}

diag("no French text yet: $_") for @missing;
is(join(' ', grep { !$allowed{$_} } @missing), '',
    'what lacks a French text is named in untranslated.list');
is(join(' ', grep { my $name = $_; !grep { $_ eq $name } @missing }
    sort keys %allowed), '', 'untranslated.list names only what lacks one');

# Every refusal says what it is, why, and what to do.

my ($reasons) = slurp('src/domain/billing_domain_name.h') =~
    /BILLING_ALLOW = 0,(.*?)BILLING_REASONS/s;
my $api = eval {
    JSON::PP->new->utf8->decode(slurp('conf/messages/api.json'));
} || {};

for my $reason ($reasons =~ /^\s*BILLING_(\w+),/mg) {
    ok($api->{"$reason.$_"}, "$reason has a $_") for qw(title detail next);
}

# A text is {"en","fr"}; what holds texts may nest.

sub walk {
    my ($file, $node, $path) = @_;
    if (exists $node->{en} || exists $node->{fr}) {
        pair($file, $path, $node);
        return;
    }
    for my $key (sort keys %$node) {
        walk($file, $node->{$key}, "$path/$key") if ref $node->{$key} eq 'HASH';
    }
}

sub pair {
    my ($file, $path, $node) = @_;
    push @missing, "$file:$path" if !defined $node->{fr};
    for my $lang (qw(en fr)) {
        next if $lang eq 'fr' && !defined $node->{fr};
        my $text = $node->{$lang};
        ok(defined $text && !ref $text && $text =~ /\S/,
            "$file: $path has a text in $lang") or return;
        unlike($text, qr/\A\s|[ \t]$/m,
            "$file: $path ($lang) has no blanks around");
    }
    return if !defined $node->{fr};
    is(placeholders($node->{fr}), placeholders($node->{en}),
        "$file: $path has the same placeholders in both languages");
}

sub placeholders {
    my ($text) = @_;
    my %seen = map { $_ => 1 } $text =~ /\{(\w+)\}/g;
    return join ' ', sort keys %seen;
}

done_testing();
