#!/usr/bin/perl

# Every statement of the worker and of billingctl is understood by both
# engines, with the types of the parameters it is called with.

use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Tidy;

my $string = qr/"(?:[^"\\]|\\.)*"/;
my $verb = qr/^\s*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\s/;

# The engines speak their own dialects to themselves; db_kept.c knows how
# statements begin.
my @files = grep { !m{/db_(?:sqlite|postgres|kept)} }
    files(qr{^src/(?:worker|ctl)/\w+\.[ch]$});
my %text = map { my $t = slurp($_); $t =~ s{/\*.*?\*/}{}gs; $_ => $t } @files;

sub macros {
    my ($text) = @_;
    my %macro;

    $text =~ s/\\\n/ /g;
    while ($text =~ /^#define\s+(\w+)\s+((?:$string|\w+|\s)+?)\s*$/mg) {
        my ($name, $body) = ($1, $2);
        $macro{$name} = $body if $body =~ /"/;
    }

    return %macro;
}

# Adjacent literals are one, and a macro that is a literal is one of them.
sub value {
    my ($run, $macro) = @_;
    my $value = '';

    while ($run =~ /($string)|(\w+)/g) {
        if (defined $1) {
            my $part = substr $1, 1, -1;
            $part =~ s/\\(.)/$1 eq 'n' ? "\n" : $1/ge;
            $value .= $part;
        } else {
            $value .= value($macro->{$2}, $macro);
        }
    }

    return $value;
}

my %shared = map { /\.h$/ ? macros($text{$_}) : () } @files;
my (@found, %seen);

for my $file (@files) {
    my $text = $text{$file};
    my %macro = (%shared, macros($text));
    my $word = join '|', map { quotemeta } sort { length $b <=> length $a }
        keys %macro;
    my $piece = $word ? qr/$string|\b(?:$word)\b/ : $string;
    my %types;

    $text =~ s/^#(?:[^\n]*\\\n)*[^\n]*$//mg;

    # A name may mean another statement in the next function.
    while ($text =~ /(?:\b(\w+)\[\]\s*=\s*)?($piece(?:\s*$piece)*)/g) {
        my ($name, $run, $end) = ($1, $2, pos $text);
        my $sql = value($run, \%macro);

        # Pieces that a program puts together are not for this test.
        next if $sql !~ /\b(?:FROM|SET|VALUES)\b/;
        next if $sql !~ $verb || $sql =~ /%(?:\.\*)?(?:s|lld|d)\b/;

        # Values in a list have the types the engine expects of them.
        my ($rest) = substr($text, $end) =~ /\A(.*?)^\}/ms;
        my $listed = defined $name && ($rest // '') =~
            /\bbilling_db_put(?:_later)?\(\s*[^,"]+,\s*\Q$name\E\b/;

        my $params = '';
        if (defined $name && !$listed && substr($text, $end) =~
            /\bbilling_db_(?:query|exec|later)\(\s*[^,"]+,\s*\Q$name\E,\s*"([itb]*)"/)
        {
            $params = $1;
        }

        push @found, { file => $file, sql => $sql, params => $params }
            if !$seen{$sql}++;
    }
}

cmp_ok(scalar @found, '>', 300, scalar(@found) . ' statements were found');

# What the engines do not share of the schema comes behind the rest.
my $own = qr{_(sqlite|postgres)\.sql$};
my @scripts = sort(files(qr{^src/worker/sql/}));
my $schema = join '', map { slurp($_) } grep { !/$own/ } @scripts;
my %own;
$own{$1} .= slurp($_) for grep { /$own/ } @scripts;
$schema .= 'CREATE TABLE migration (version BIGINT PRIMARY KEY,'
    . ' name TEXT NOT NULL, applied_at BIGINT NOT NULL);';

my $dir = tempdir(CLEANUP => 1);

sub script {
    my ($name, $text) = @_;
    open my $file, '>', "$dir/$name" or die "$name: $!";
    print $file $text;
    close $file or die "$name: $!";
    return "$dir/$name";
}

# The n-th statement stands after the marker n; what is said there is of it.
sub faults {
    my ($output) = @_;
    my (%fault, $n);

    for (split /\n/, $output) {
        if (/^\@(\d+)$/) {
            $n = $1;
        } elsif (defined $n && /^(?:Parse |Runtime )?error\b|ERROR:/i) {
            $fault{$n} = $_;
        }
    }

    return \%fault;
}

sub report {
    my ($engine, $fault) = @_;

    for my $n (0 .. $#found) {
        my ($file, $sql) = @{ $found[$n] }{qw(file sql)};
        is($fault->{$n} // '', '', "$engine: $file: " . substr $sql, 0, 60)
            or diag($sql);
    }
}

SKIP: {
    skip 'no sqlite3', 1 if !grep { -x "$_/sqlite3" } split /:/, $ENV{PATH};

    my $all = "$schema$own{sqlite}\n" . join '', map {
        (my $plain = $found[$_]{sql}) =~ s/\$(\d+)/?$1/g;
        ".print \@$_\nEXPLAIN $plain;\n" } 0 .. $#found;
    report('SQLite', faults(scalar
        `sqlite3 -batch :memory: < '${\ script('sqlite', $all)}' 2>&1`));
}

SKIP: {
    skip 'no PostgreSQL', 1
        if !glob('/usr/lib/postgresql/*/bin/initdb') || !`which psql`;

    my %type = (i => 'bigint', t => 'text', b => 'bytea');
    my $all = "\\set VERBOSITY terse\nCREATE DOMAIN blob AS bytea;\n"
        . "$schema$own{postgres}\n"
        . join '', map {
            my $types = join ', ', map { $type{$_} }
                split //, $found[$_]{params};
            "\\echo \@$_\nPREPARE p$_" . ($types ? " ($types)" : '')
                . " AS $found[$_]{sql};\n" } 0 .. $#found;
    my $file = script('postgres', $all);

    report('PostgreSQL', faults(scalar `t/lib/postgres sh -c 'psql -qX \\
        "postgresql:///postgres?\$BILLING_TEST_POSTGRES" < $file' 2>&1`));
}

done_testing();
