# Asks the service for $1, and succeeds if it answers $2.
echo "$1" > tmp/question
read -r answer < tmp/answer
echo "$1: $answer"
test "$answer" = "$2"
