# A service: whoever writes a word into tmp/question reads its translation from tmp/answer.
mkdir -p tmp
rm -f tmp/question tmp/answer
mkfifo tmp/question tmp/answer
echo "ready to answer from $(grep -c . dist/dictionary) words"
while read -r word < tmp/question; do
  sed -n "s/^$word=//p" dist/dictionary > tmp/answer
done
