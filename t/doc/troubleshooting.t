#!/usr/bin/perl

# What the programs log for an operator, doc/troubleshooting.md explains: every
# message of nginx from warn up, every ALERT of the worker.  And what it
# explains, the programs say.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Tidy;

# What printf and nginx put into a text, and names of macros, stand for any.

my $value = qr/%[-.*0-9]*(?:PRI|llu|lld|lu|ld|uz|zu|ui|Ts|d|u|s|V|P|M)/;

sub pattern {
    my ($args) = @_;
    my ($text, $begun) = ('', 0);
    while ($args =~ /"((?:\\.|[^"\\])*)"|(PRI\w+)|(ngx_\w+_n|[A-Z]\w+)(?=\s+")|(,)/g) {
        last if defined $4 && $begun;
        next if defined $4;
        $begun = 1;
        $text .= defined $1 ? $1 : defined $2 ? 'PRI' : '%s';
    }
    $text =~ s/\\"/"/g;
    return $text;
}

sub regex {
    my ($text) = @_;
    return join '.+', map { quotemeta } split /$value/, $text, -1;
}

# [file, level, text] of everything that is logged.

sub logged {
    my ($files, $call) = @_;
    my @found;
    for my $file (files($files)) {
        my $text = slurp($file);
        while ($text =~ /\b$call\((.*?)\);/gs) {
            my $args = $1;
            my ($level) = $args =~ /NGX_LOG_([A-Z]+)/;
            my $said = pattern($args);
            push @found, [$file, $level, $said] if $said =~ /[a-z]{3}/;
        }
    }
    return @found;
}

my @nginx = logged(qr{^src/http/.*\.c$}, qr/ngx_(?:conf_)?log_error/);
my @worker = logged(qr{^src/worker/.*\.c$}, qr/billing_log/);
cmp_ok(scalar @nginx, '>', 30, 'messages of the module are found');
cmp_ok(scalar(grep { $_->[2] =~ /^ALERT: / } @worker), '>', 30,
    'alerts of the worker are found');

# The first column: a level perhaps, the message.

my @explained;
for my $line (split /\n/, slurp('doc/troubleshooting.md')) {
    push @explained, $1
        if $line =~ /^\| (?:(?:alert|crit|err|warn|notice|info) )?`([^`]+)` \|/;
}
cmp_ok(scalar @explained, '>', 60, 'messages are explained');

my %wanted = map { $_ => 1 } qw(EMERG ALERT CRIT ERR WARN);
for my $message (grep { defined $_->[1] && $wanted{$_->[1]} } @nginx) {
    my ($file, $level, $text) = @$message;
    my $regex = regex($text);
    ok(scalar(grep { /^$regex$/ } @explained), "$file: $level \"$text\"");
}

for my $message (grep { $_->[2] =~ /^ALERT: / } @worker) {
    my ($file, undef, $text) = @$message;
    my $regex = regex($text);
    ok(scalar(grep { /^$regex$/ } @explained), "$file: \"$text\"");
}

# The other way round also the reasons that a message carries count.

my @said = map { $_->[2] } @nginx, @worker;
for my $file (files(qr{^src/worker/.*\.c$})) {
    my $text = slurp($file);
    while ($text =~ /((?:"(?:\\.|[^"\\\n])*"\s*)+)/g) {
        my $literal = join '', $1 =~ /"((?:\\.|[^"\\\n])*)"/g;
        $literal =~ s/\\"/"/g;
        push @said, $literal;
    }
}

# "billing: %s" says everything, hence nothing.
my %own = ('billing: FILE:LINE:COL: /POINTER: WHY' => 1);
@said = grep { (my $words = $_) =~ s/$value|billing|\W//g; length $words > 4 } @said;

for my $message (grep { / / && !$own{$_} && !/^module \.\.\. / } @explained) {
    ok(scalar(grep { my $regex = regex($_); $message =~ /^$regex$/
        || index($_, "'$message'") >= 0 || index($_, "'$message:") >= 0 } @said),
        "somebody says \"$message\"");
}

done_testing();
