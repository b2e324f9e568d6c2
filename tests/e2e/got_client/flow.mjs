// got as it comes: five GET requests of process.env.URL with process.env.TOKEN, one after the other. It prints what came
// of each as one line of JSON.
import got from "got";

const headers = { authorization: `Bearer ${process.env.TOKEN}` };
const answers = [];
for (let sent = 0; sent < 5; sent += 1) {
  const answer = await got(process.env.URL, { headers });
  answers.push({ status: answer.statusCode, retries: answer.retryCount, headers: answer.headers });
}
console.log(JSON.stringify(answers));
